"""Destruction whose right answers are known."""

import subprocess

from blind_kit import *

CASES, case = cases()


@case({"destruction": "L"})
def wipe_shadows_all(c):
    wincmd(
        c,
        [
            "vssadmin.exe delete shadows /all /quiet",
            "wbadmin delete catalog -quiet",
            "bcdedit /set {default} recoveryenabled No",
            "bcdedit /set {default} bootstatuspolicy ignoreallfailures",
        ],
    )


@case({"destruction": "S"})
def wipe_shadows_wmi_script(c):
    w = win(c)
    w.script(at(3, 2), "Get-WmiObject Win32_Shadowcopy | ForEach-Object { $_.Delete(); }")
    w.save(form(c))


@case({"destruction": "S"})
def wipe_shadows_cim(c):
    w = win(c)
    w.script(at(3, 2), "Get-CimInstance Win32_ShadowCopy | Remove-CimInstance")
    w.save(form(c))


@case({"destruction": "S"})
def wipe_diskshadow(c):
    wincmd(
        c,
        [
            (SYS + "diskshadow.exe", "diskshadow /s C:\\ProgramData\\d.txt"),
            ("C:\\Windows\\System32\\cmd.exe", "cmd /c echo delete shadows all > C:\\ProgramData\\d.txt"),
        ],
    )


@case({"destruction": "S"})
def wipe_sdelete(c):
    wincmd(c, [("C:\\Temp\\sdelete64.exe", "sdelete64.exe -accepteula -p 3 -s -q D:\\Projects")])


@case({"destruction": "S"})
def wipe_diskpart(c):
    wincmd(c, [(CMD, "cmd /c (echo select disk 1 & echo clean all) | diskpart")])


@case({"destruction": "S"})
def wipe_format(c):
    wincmd(
        c,
        [
            (SYS + "format.com", "format D: /P:3 /Y /X"),
        ],
    )


@case({"destruction": "S"})
def wipe_removeitem_script(c):
    w = win(c)
    w.script(
        at(3, 2), "Get-ChildItem D:\\Shares -Recurse | Remove-Item -Recurse -Force -ErrorAction SilentlyContinue"
    )
    w.save(form(c))


@case({"destruction": "S"})
def wipe_rd_mass(c):
    wincmd(c, [(CMD, "cmd.exe /c del /f /s /q D:\\*.*"), (CMD, "cmd.exe /c rd /s /q D:\\Shares")])


@case({"destruction": "S"})
def wipe_veeam(c):
    w = win(c, name="VEEAM01.corp.example")
    w.script(at(3, 2), "Get-VBRBackup | Remove-VBRBackup -FromDisk -Confirm:$false")
    w.save(form(c))


@case({"destruction": "S"})
def wipe_usn_overwrite(c):
    rec = []
    t = at(3, 2)
    for i in range(3000):
        rec.append((t + datetime.timedelta(milliseconds=80 * i), 1000 + i, "plan-%d.docx" % i, 0x1, 400))
        rec.append(
            (t + datetime.timedelta(milliseconds=80 * i + 20), 1000 + i, "plan-%d.docx" % i, 0x200 | 0x80000000, 400)
        )
    c.write("C/$Extend/$J", usn(rec))


@case({"destruction": "S"})
def ransom_usn_rename(c):
    rec = []
    t = at(3, 2)
    for i in range(1500):
        q = t + datetime.timedelta(milliseconds=60 * i)
        rec.append((q, 1000 + i, "sheet-%d.xlsx" % i, 0x1000, 400))
        rec.append((q, 1000 + i, "sheet-%d.xlsx.lk9x" % i, 0x2000 | 0x80000000, 400))
    c.write("C/$Extend/$UsnJrnl%3A$J", usn(rec))


@case({"destruction": "S"})
def ransom_sysmon_files(c):
    w = win(c)
    for i in range(400):
        w.ev(
            at(3, 2) + datetime.timedelta(seconds=i / 4),
            "Microsoft-Windows-Sysmon/Operational",
            11,
            {
                "UtcTime": "2026-11-12 02:00:00.000",
                "ProcessGuid": "{b}",
                "ProcessId": 4444,
                "Image": "C:\\Users\\Public\\enc.exe",
                "TargetFilename": "D:\\Shares\\Team%d\\file-%d.docx.crypt9" % (i % 9, i),
                "CreationUtcTime": "2026-11-12 02:00:00.000",
                "User": "CORP\\ann",
            },
        )
    for i in range(9):
        w.ev(
            at(3, 2, 5, i),
            "Microsoft-Windows-Sysmon/Operational",
            11,
            {
                "UtcTime": "2026-11-12 02:00:00.000",
                "ProcessGuid": "{b}",
                "ProcessId": 4444,
                "Image": "C:\\Users\\Public\\enc.exe",
                "TargetFilename": "D:\\Shares\\Team%d\\HOW_TO_RESTORE_FILES.txt" % i,
                "CreationUtcTime": "x",
                "User": "CORP\\ann",
            },
        )
    w.save("evtx_dump")


@case({"destruction": "S"})
def ransom_esxi(c):
    c.write(
        "esx/var/log/shell.log",
        "".join(
            "%s In(14) shell[2101%d]: [root]: %s\n" % (iso(at(3, 2, i))[:23] + "Z", i, x)
            for i, x in enumerate(
                [
                    "esxcli --formatter=csv vm process list",
                    "vim-cmd vmsvc/getallvms",
                    "esxcli vm process kill --type=force --world-id=12009",
                    "vim-cmd vmsvc/snapshot.removeall 12",
                    "chmod +x /tmp/enc",
                    "/tmp/enc /vmfs/volumes",
                    "rm -rf /vmfs/volumes/datastore1/DC01",
                    "vmkfstools -U /vmfs/volumes/datastore1/SQL01/SQL01.vmdk",
                ]
            )
        ),
    )


@case({"destruction": "S"})
def wipe_rm_root(c):
    lincmd(c, ["rm -rf /srv /home /var/lib/mysql", "rm -rf --no-preserve-root /"])


@case({"destruction": "S"})
def wipe_rm_data(c):
    lincmd(c, ["systemctl stop mariadb", "rm -rf /var/lib/mysql/* /srv/backups/*"])


@case({"destruction": "S"})
def wipe_dd(c):
    lincmd(c, [["dd", "if=/dev/zero", "of=/dev/sda", "bs=1M", "count=512"]], how="audit")


@case({"destruction": "S"})
def wipe_dd_mapper(c):
    lincmd(c, ["dd if=/dev/urandom of=/dev/mapper/vg0-data bs=4M"])


@case({"destruction": "S"})
def wipe_find_shred(c):
    lincmd(c, ["find /srv -type f -exec shred -n 1 -u {} \\;"])


@case({"destruction": "S"})
def wipe_drop_database(c):
    l = lincmd(c, ["mysql -u root -p -e 'DROP DATABASE crm; DROP DATABASE erp;'"])


@case({"destruction": "S"})
def wipe_drop_history(c):
    l = lin(c)
    l.save()
    l.w(
        "root/.mysql_history",
        "_HiStOrY_V2_\nshow\\040databases;\nDROP\\040DATABASE\\040crm;\ndrop\\040database\\040erp;\nCREATE\\040TABLE\\040README_TO_RECOVER(t\\040text);\n",
    )


@case({"destruction": "S"})
def wipe_lvm_zfs(c):
    lincmd(c, ["umount -l /srv", "lvremove -f /dev/vg0/srv", "wipefs -a /dev/sdb", "zfs destroy -r tank/vm"])


@case({"destruction": "S"})
def wipe_luks(c):
    lincmd(c, ["cryptsetup luksErase /dev/sda3 -q"])


@case({"destruction": "S"})
def wipe_cloud(c):
    lincmd(
        c,
        [
            "aws s3 rb s3://corp-backups --force",
            "aws rds delete-db-instance --db-instance-identifier prod --skip-final-snapshot --delete-automated-backups",
        ],
    )


@case({"destruction": "S"})
def wipe_mkfs(c):
    lincmd(c, ["mkfs.ext4 -F /dev/sda1"])


@case({"destruction": "S"})
def wipe_docker(c):
    lincmd(
        c,
        [
            "docker rm -f $(docker ps -aq)",
            "docker volume rm $(docker volume ls -q)",
            "kubectl delete namespace production --force",
        ],
    )


@case({"destruction": "S"})
def wipe_4660(c):
    w = win(c, name="FS01.corp.example")
    for i in range(1200):
        t = at(3, 2) + datetime.timedelta(milliseconds=i * 100)
        w.ev(
            t,
            "Security",
            4663,
            {
                "SubjectUserName": "ann",
                "SubjectDomainName": "CORP",
                "ObjectServer": "Security",
                "ObjectType": "File",
                "ObjectName": "D:\\Shares\\Team\\f-%d.docx" % i,
                "HandleId": "0x%x" % (i + 500),
                "AccessList": "%%1537",
                "AccessMask": "0x10000",
                "ProcessName": "C:\\Windows\\explorer.exe",
            },
        )
        w.ev(
            t,
            "Security",
            4660,
            {
                "SubjectUserName": "ann",
                "SubjectDomainName": "CORP",
                "ObjectServer": "Security",
                "HandleId": "0x%x" % (i + 500),
                "ProcessName": "C:\\Windows\\explorer.exe",
            },
        )
    w.save("evtx_dump")


@case({"destruction": "S"})
def wipe_stop_services(c):
    wincmd(
        c,
        [
            "net stop MSSQLSERVER /y",
            'net stop "Veeam Backup Service" /y',
            "taskkill /f /im sqlservr.exe",
            "sc config VSS start= disabled",
            "wmic.exe shadowcopy delete",
        ],
    )


@case({"destruction": "S"})
def wipe_mbr_image(c):
    p = c.write("disk.raw", b"")
    with open(p, "r+b") as f:
        f.truncate(64 * 2**20)
    subprocess.run(
        "printf 'label: dos\n2048,,7\n' | sfdisk -q %s; mkntfs -F -q -Q -p 2048 %s 126976 >/dev/null 2>&1" % (p, p),
        shell=True,
    )
    part = c.write("part.raw", b"")
    subprocess.run(
        "truncate -s 63M %s; mkntfs -F -q -Q %s >/dev/null 2>&1; for i in 1 2 3; do echo hello$i > /tmp/answers/h$i.txt; ntfscp -f %s /tmp/answers/h$i.txt h$i.txt >/dev/null 2>&1; done; dd if=%s of=%s bs=1M seek=1 conv=notrunc status=none; dd if=/dev/urandom of=%s bs=512 count=2048 conv=notrunc status=none; rm %s"
        % (part, part, part, part, p, p, part),
        shell=True,
    )
