rule r55 {
  strings:
    $s0 = "abcabc" private
    $s1 = "M\x5a" ascii nocase
    $s2 = { 61 61 62 }
    $s3 = /^a[^a]??|\Dab/ fullword private
  condition:
    (#s3 != int32be(int16be(0))) and (#s0 >= 0 and #s1 >= 0 and #s2 >= 0 and #s3 >= 0)
}

rule r59 {
  strings:
    $s0 = "0110" ascii fullword
    $s1 = /[a-c]|\.|0\s+ab/i
  condition:
    (not (2 of ($s1,$s0) in (0..48))) and (#s0 >= 0 and #s1 >= 0)
}
