rule long { strings: $hex = { 00 01 [10-130] 3F FF } $just = { 01 02 [60] 3F 00 } $short = { 02 [59-59] 3E 3F } condition: any of them }
