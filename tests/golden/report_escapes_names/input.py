import os
import pathlib

eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
os.mkdir("input")
for name in ("a\x1b]0;owned\x07.txt", "cod\u202efdp.exe"):
    pathlib.Path("input", name).write_text(eicar + name)
