// YARA-X by its native module for Node.js, for tests/differential/yara and tests/bench/yara.
//
// usage: node yarax.js MODULE.node serve
//        node yarax.js MODULE.node scan LIST RULES... [-- NAME=VALUE...]
//
// serve: a line of JSON {"rules": TEXT, "folder": PATH, "variables": {..}} is answered by one: {"error": TEXT} or
// {"matches": {"RULE FILE": ["OFFSET:LENGTH:$NAME", ...]}}. scan: prints "RULE FILE" for the files
// that LIST names, one a line; rule files are joined, as the module compiles one text.
'use strict';
const fs = require('fs');
const path = require('path');
const readline = require('readline');

const [, , modulePath, verb, ...rest] = process.argv;
const yarax = require(path.resolve(modulePath));
const options = (variables) => ({ relaxedReSyntax: true, defineVariables: variables });

function answer(request) {
  let rules;
  try {
    rules = yarax.compile(request.rules, options(request.variables || {}));
  } catch (error) {
    return { error: String(error.message) };
  }
  const matches = {};
  for (const name of fs.readdirSync(request.folder)) {
    let found;
    try {
      found = rules.scan(fs.readFileSync(path.join(request.folder, name)));
    } catch (error) {
      return { error: 'scan: ' + error.message };
    }
    for (const rule of found)
      matches[rule.ruleIdentifier + ' ' + name] =
        rule.matches.map((m) => m.offset + ':' + m.length + ':' + m.identifier);
  }
  return { matches };
}

function scan() {
  const split = rest.indexOf('--');
  const [list, ...files] = split < 0 ? rest : rest.slice(0, split);
  const variables = {};
  for (const define of split < 0 ? [] : rest.slice(split + 1))
    variables[define.split('=')[0]] = define.slice(define.indexOf('=') + 1);
  const rules = yarax.compile(files.map((f) => fs.readFileSync(f, 'utf8')).join('\n'), options(variables));
  for (const name of fs.readFileSync(list, 'utf8').split('\n'))
    if (name)
      for (const rule of rules.scanFile(name))
        console.log(rule.ruleIdentifier + ' ' + name);
}

if (verb === 'scan')
  scan();
else
  readline.createInterface({ input: process.stdin })
    .on('line', (line) => console.log(JSON.stringify(answer(JSON.parse(line)))));
