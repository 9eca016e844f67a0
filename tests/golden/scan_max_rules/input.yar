rule a { condition: true }
rule b { condition: filesize > 0 }
