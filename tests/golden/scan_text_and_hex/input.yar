rule two_strings { strings: $text = "MARKER" $hex = { 00 ( 01 | 02 ) ?? 04 } condition: all of them }
rule absent { strings: $a = "NOT THERE" condition: $a }
