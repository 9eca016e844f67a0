// YARA-X by its native module for Node.js, for tests/differential/yara and tests/bench/yara.
//
// usage: node yarax.js MODULE.node serve
//        node yarax.js MODULE.node scan LIST RULES... [-- NAME=VALUE...]
//        node yarax.js MODULE.node time LIST[,LIST...] RULES... [-- NAME=VALUE...]
//
// serve: a line of JSON {"rules": TEXT, "folder": PATH, "variables": {..}} is answered by one: {"error": TEXT} or
// {"matches": {"RULE FILE": ["OFFSET:LENGTH:$NAME", ...]}}. scan: prints "RULE FILE" for the files
// that LIST names, one a line; rule files are joined, as the module compiles one text. time: the same for
// several lists, and instead of matches a line of JSON: processor seconds of compiling and of each list.
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

// The first argument, and the rules compiled.
function given() {
  const split = rest.indexOf('--');
  const [first, ...files] = split < 0 ? rest : rest.slice(0, split);
  const variables = {};
  for (const define of split < 0 ? [] : rest.slice(split + 1))
    variables[define.split('=')[0]] = define.slice(define.indexOf('=') + 1);
  const rules = yarax.compile(files.map((f) => fs.readFileSync(f, 'utf8')).join('\n'), options(variables));
  return [first, rules];
}

function scanList(rules, list, found) {
  for (const name of fs.readFileSync(list, 'utf8').split('\n'))
    if (name)
      for (const rule of rules.scanFile(name))
        found(rule.ruleIdentifier + ' ' + name);
}

function scan() {
  const [list, rules] = given();
  scanList(rules, list, console.log);
}

// Processor seconds of everything this process has done, whatever the thread.
function used() {
  const usage = process.cpuUsage();
  return (usage.user + usage.system) / 1e6;
}

function time() {
  const seconds = {};
  let before = used();
  const [lists, rules] = given();
  seconds.compile = used() - before;
  for (const list of lists.split(',')) {
    before = used();
    scanList(rules, list, () => {});
    seconds[list] = used() - before;
  }
  console.log(JSON.stringify(seconds));
}

if (verb === 'scan')
  scan();
else if (verb === 'time')
  time();
else
  readline.createInterface({ input: process.stdin })
    .on('line', (line) => console.log(JSON.stringify(answer(JSON.parse(line)))));
