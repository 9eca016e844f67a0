/*
 * The tables of linux_keyed.c: what a file of that place names, how it is told, by which
 * keys or words, and the ends of the paths. Words are matched from the start of a word.
 */
#ifndef KANSHIKI_ARTEFACT_LINUX_KEYED_ROWS_H
#define KANSHIKI_ARTEFACT_LINUX_KEYED_ROWS_H

#define KEYED(X) \
	X("dbus service", "T1543", VALUE_ANY, "exec", \
	  "dbus-1/system-services/*.service|dbus-1/services/*.service") \
	X("supervisor", "T1543", VALUE_ANY, "command", \
	  "etc/supervisor/conf.d/*|etc/supervisor/supervisord.conf|etc/supervisord.conf|etc/supervisord.d/*") \
	X("log hook", "T1546", VALUE_PATH, "path", "etc/audit/plugins.d/*.conf|etc/audisp/plugins.d/*.conf") \
	X("git hook", "T1546", VALUE_PATH, "fsmonitor|hookspath|sshcommand|pager|editor|helper|askpass|textconv|" \
	  "clean|smudge|process|program|command|external|path", ".gitconfig|.config/git/config|.git/config|etc/gitconfig") \
	X("git hook", "T1546", VALUE_SHELL, "*", ".gitconfig|.config/git/config|.git/config|etc/gitconfig") \
	X("web start", "T1505.003", VALUE_PATH, "auto_prepend_file|auto_append_file|extension|zend_extension|" \
	  "php_value[auto_prepend_file]|php_admin_value[auto_prepend_file]|php_value[auto_append_file]|" \
	  "php_admin_value[auto_append_file]|php_admin_value[extension]", \
	  "php.ini|.user.ini|etc/php/*/*/conf.d/*.ini|etc/php.d/*.ini|etc/php/conf.d/*.ini|etc/php-fpm.conf|" \
	  "etc/php/*/fpm/pool.d/*.conf|etc/php-fpm.d/*.conf") \
	X("network hook", "T1546", VALUE_ANY, "preup|postup|predown|postdown", "etc/wireguard/*.conf") \
	X("network hook", "T1546", VALUE_ANY, "root preexec|preexec|root postexec|postexec|magic script|" \
	  "message command|add user script|check password script|wins hook|dfree command", "etc/samba/smb.conf") \
	X("network hook", "T1546", VALUE_ANY, "pre-xfer exec|post-xfer exec|early exec", "etc/rsyncd.conf") \
	X("power hook", "T1546", VALUE_ANY, "action", "etc/acpi/events/*") \
	X("log hook", "T1546", VALUE_ANY, "actionban|actionunban|actionstart|actionstop|actioncheck|actionflush", \
	  "etc/fail2ban/action.d/*") \
	X("log hook", "T1546", VALUE_PATH, "space_left_action|admin_space_left_action|disk_full_action|" \
	  "disk_error_action|max_log_file_action|dispatcher", "etc/audit/auditd.conf") \
	X("monitor command", "T1543", VALUE_ANY, "userparameter", "etc/zabbix/*.conf|" \
	  "etc/zabbix/zabbix_agentd.d/*|etc/zabbix/zabbix_agentd.conf.d/*|etc/zabbix/zabbix_agent2.d/*") \
	X("x session", "T1547.013", VALUE_PATH, "greeter-setup-script|session-setup-script|display-setup-script|" \
	  "display-stopped-script|session-cleanup-script|session-wrapper|greeter-wrapper", \
	  "etc/lightdm/lightdm.conf|etc/lightdm/lightdm.conf.d/*") \
	X("x session", "T1547.013", VALUE_PATH, "displaycommand|displaystopcommand|sessioncommand", \
	  "etc/sddm.conf|etc/sddm.conf.d/*") \
	X("desktop launcher", "T1547.013", VALUE_ANY, "exec", ".local/share/applications/*.desktop") \
	X("package hook", "T1546.016", VALUE_ANY, "exec", "etc/pacman.d/hooks/*.hook") \
	X("package hook", "T1546.016", VALUE_ANY, "post_transaction|sign_tool", \
	  "etc/dkms/framework.conf|etc/dkms/framework.conf.d/*.conf") \
	X("rc script", "T1037.004", VALUE_ANY, "command|start_pre|start_post", "etc/conf.d/*|etc/wsl.conf") \
	X("mail hook", "T1546", VALUE_ANY, "mailbox_command", "etc/postfix/main.cf") \
	X("mail hook", "T1546", VALUE_PATH, "command", "etc/exim4/conf.d/*/*|etc/exim4/exim4.conf") \
	X("database start", "T1505", VALUE_ANY, "plugin-load|plugin_load|plugin-load-add|plugin_load_add|" \
	  "init-file|init_file|plugin-dir|plugin_dir", \
	  "etc/my.cnf|etc/my.cnf.d/*|etc/mysql/*.cnf|etc/mysql/*/*.cnf|.my.cnf") \
	X("database start", "T1505", VALUE_ANY, "shared_preload_libraries|session_preload_libraries|" \
	  "local_preload_libraries|archive_command|restore_command|archive_cleanup_command|" \
	  "recovery_end_command|ssl_passphrase_command", \
	  "postgresql.conf|postgresql.auto.conf|etc/postgresql/*/*/conf.d/*.conf") \
	X("library path", "T1574", VALUE_PATH, "dynamic_path|engine_dir|modules_dir|module", \
	  "etc/ssl/openssl.cnf|etc/pki/tls/openssl.cnf|etc/krb5.conf|etc/krb5.conf.d/*") \
	X("script start", "T1546", VALUE_ANY, "script-shell|node-options|onload-script|init-module", \
	  ".npmrc|etc/npmrc") \
	X("container", "T1546", VALUE_ANY, "lxc.hook.pre-start|lxc.hook.pre-mount|lxc.hook.mount|" \
	  "lxc.hook.autodev|lxc.hook.start|lxc.hook.start-host|lxc.hook.stop|lxc.hook.post-stop|" \
	  "lxc.hook.clone|lxc.hook.destroy", \
	  "var/lib/lxc/*/config|.local/share/lxc/*/config|etc/lxc/*.conf|.config/lxc/*.conf") \
	X("kernel helper", "T1546", VALUE_PATH, "kernel.core_pattern|kernel/core_pattern|kernel.modprobe|" \
	  "kernel/modprobe|kernel.hotplug|kernel.poweroff_cmd", "etc/sysctl.conf|sysctl.d/*.conf") \
	X("preload", "T1574.006", VALUE_LOADS, "defaultenvironment|managerenvironment", \
	  "etc/systemd/system.conf|etc/systemd/user.conf|systemd/system.conf.d/*.conf|systemd/user.conf.d/*.conf") \
	X("udev", "T1546.017", VALUE_ANY, "systemd_wants|systemd_user_wants", "udev/hwdb.d/*.hwdb") \
	X("container", "T1543.005", VALUE_ANY, "bind|bindreadonly|overlay|privateusers|capability|parameters|boot|environment", \
	  "systemd/nspawn/*.nspawn|var/lib/machines/*.nspawn") \
	X("network hook", "T1546", VALUE_PATH, "program|auth-dialog", "NetworkManager/VPN/*.name") \
	X("network hook", "T1546", VALUE_PATH, "leftupdown|rightupdown|updown", \
	  "etc/ipsec.conf|etc/ipsec.d/*.conf|etc/swanctl/swanctl.conf|etc/swanctl/conf.d/*.conf") \
	X("initramfs script", "T1542", VALUE_ANY, "install_items+|install_items|add_dracutmodules+|add_dracutmodules|" \
	  "force_add_dracutmodules+|add_drivers+|force_drivers+|files|binaries|hooks|modules", \
	  "etc/dracut.conf|etc/dracut.conf.d/*.conf|etc/mkinitcpio.conf|etc/mkinitcpio.conf.d/*.conf") \
	X("x session", "T1547.013", VALUE_ANY, "exec|tryexec", "share/xsessions/*.desktop|share/wayland-sessions/*.desktop|" \
	  "usr/local/share/applications/*.desktop|share/thumbnailers/*.thumbnailer") \
	X("x session", "T1547.013", VALUE_ANY, "automaticlogin|autologin-user|timedlogin", \
	  "etc/gdm3/custom.conf|etc/gdm3/daemon.conf|etc/lightdm/lightdm.conf|etc/lightdm/lightdm.conf.d/*") \
	X("mail hook", "T1114.003", VALUE_ANY, "always_bcc|sender_bcc_maps|recipient_bcc_maps", "etc/postfix/main.cf") \
	X("package source", "T1195.002", VALUE_ANY, "index-url|extra-index-url|index_url|extra_index_url|registry", \
	  "etc/pip.conf|.pip/pip.conf|.config/pip/pip.conf|.npmrc|etc/npmrc") \
	X("script start", "T1546", VALUE_PATH, "rustc|rustdoc|rustc-wrapper|rustc-workspace-wrapper|linker|runner", \
	  ".cargo/config.toml|.cargo/config")

#define WORDED(X) \
	X("editor start", "T1546", "system(|:!|silent !|silent! !|jobstart(|job_start(|libcall(", \
	  ".vimrc|.vim/vimrc|.config/nvim/init.vim|etc/vim/vimrc|etc/vim/vimrc.local|.vim/plugin/*.vim|" \
	  ".vim/autoload/*.vim|.vim/ftplugin/*.vim|.vim/after/plugin/*.vim|.vim/pack/*/start/*/plugin/*.vim") \
	X("editor start", "T1546", "os.execute|io.popen|vim.fn.system|jobstart(|vim.system(", \
	  ".config/nvim/init.lua|.config/nvim/lua/*.lua|.config/nvim/plugin/*.lua") \
	X("editor start", "T1546", "shell-command|start-process|call-process|make-process", \
	  ".emacs|.emacs.d/init.el|.config/emacs/init.el|etc/emacs/site-start.el|etc/emacs/site-start.d/*.el") \
	X("script start", "T1546", "shell |python |source |!", ".gdbinit|.config/gdb/gdbinit|etc/gdb/gdbinit") \
	X("script start", "T1546", "system|`|exec|popen|source(", ".irbrc|.pryrc|.Rprofile|etc/R/Rprofile.site") \
	X("script start", "T1546", "\\!|program ", ".psqlrc|etc/postgresql-common/psqlrc") \
	X("profile", "T1546.004", "exec |eval |stuff |screen ", ".screenrc|etc/screenrc") \
	X("profile", "T1546.004", "\\n\"|\\r\"", ".inputrc|etc/inputrc") \
	X("x session", "T1547.013", "exec |exec_always |exec-once", ".config/i3/config|.i3/config|" \
	  ".config/sway/config|etc/i3/config|etc/sway/config|.config/hypr/hyprland.conf") \
	X("mail hook", "T1546", ";", ".mailcap") \
	X("mail hook", "T1546", "argv=", "etc/postfix/master.cf") \
	X("network hook", "T1546", "up |down |plugin |route-up |route-pre-down |ipchange |client-connect |" \
	  "client-disconnect |learn-address |tls-verify |auth-user-pass-verify ", \
	  "etc/openvpn/*.conf|etc/openvpn/*/*.conf|etc/openvpn/*/*.ovpn") \
	X("network hook", "T1546", "script \"|notify |notify_master |notify_backup |notify_fault |notify_stop ", \
	  "etc/keepalived/keepalived.conf|etc/keepalived/conf.d/*") \
	X("network hook", "T1546", "program:|exec:", "etc/auto.*|etc/auto.master.d/*") \
	X("network hook", "T1546", "dlopen |dyndb ", "etc/bind/named.conf*|etc/named.conf") \
	X("monitor command", "T1543", "-m exec ", "etc/smartd.conf") \
	X("monitor command", "T1543", "program ", "etc/mdadm/mdadm.conf|etc/mdadm.conf") \
	X("monitor command", "T1543", "command[", "etc/nagios/nrpe.cfg|etc/nagios/nrpe.d/*|etc/nrpe.d/*") \
	X("monitor command", "T1543", "extend |exec |pass |pass_persist |extend-sh |sh ", \
	  "etc/snmp/snmpd.conf|etc/snmp/snmpd.conf.d/*") \
	X("monitor command", "T1543", "exec \"|exec '", "etc/collectd/collectd.conf|" \
	  "etc/collectd/collectd.conf.d/*|etc/collectd.conf|etc/collectd.d/*") \
	X("monitor command", "T1543", "commands = [|commands=[|commands =|command = ", \
	  "etc/telegraf/telegraf.conf|etc/telegraf/telegraf.d/*") \
	X("monitor command", "T1543", "start program|stop program|exec |restart program", \
	  "etc/monit/monitrc|etc/monitrc|etc/monit/conf.d/*|etc/monit/conf-enabled/*|etc/monit.d/*") \
	X("log hook", "T1546", "program(|python(", "etc/syslog-ng/syslog-ng.conf|etc/syslog-ng/conf.d/*") \
	X("log hook", "T1546", "command ", \
	  "etc/fluent-bit/*.conf|etc/td-agent-bit/*.conf|etc/td-agent/td-agent.conf") \
	X("web start", "T1505.003", "loadmodule |loadfile |extfilterdefine |prg:|auto_prepend_file|" \
	  "auto_append_file", "etc/apache2/apache2.conf|etc/apache2/httpd.conf|etc/apache2/*-enabled/*|" \
	  "etc/apache2/*-available/*|etc/httpd/conf/*.conf|etc/httpd/conf.d/*.conf|" \
	  "etc/httpd/conf.modules.d/*.conf") \
	X("web start", "T1505.003", "load_module |os.execute|io.popen|perl_require |perl_modules |js_import |" \
	  "content_by_lua|access_by_lua|rewrite_by_lua|init_by_lua|init_worker_by_lua|log_by_lua|" \
	  "auto_prepend_file|auto_append_file", "etc/nginx/nginx.conf|etc/nginx/conf.d/*|" \
	  "etc/nginx/modules-enabled/*|etc/nginx/sites-enabled/*|etc/nginx/sites-available/*|etc/nginx/snippets/*") \
	X("web start", "T1505.003", "url_rewrite_program |redirect_program |external_acl_type |" \
	  "store_id_program |auth_param |loadable_modules ", "etc/squid/squid.conf|etc/squid/conf.d/*") \
	X("mail hook", "T1546", "executable = script |executable=script ", "etc/dovecot/dovecot.conf|" \
	  "etc/dovecot/local.conf|etc/dovecot/conf.d/*") \
	X("database start", "T1505", "loadmodule ", "etc/redis/*.conf|etc/redis.conf|etc/valkey/*.conf") \
	X("package hook", "T1546.016", ":", "post-transaction-actions.d/*.action") \
	X("package hook", "T1546.016", "system(|exec(|`", \
	  "etc/needrestart/needrestart.conf|etc/needrestart/conf.d/*.conf") \
	X("container", "T1546", "\"path\"|\"init-path\"", "etc/docker/daemon.json|" \
	  "etc/containers/oci/hooks.d/*.json|usr/share/containers/oci/hooks.d/*.json") \
	X("container", "T1546", "binaryname|binary_name|=[\"/|= [\"/", "etc/containerd/config.toml|" \
	  "etc/containers/containers.conf|etc/containers/containers.conf.d/*.conf") \
	X("container", "T1546", "command: |credsstore|credhelpers", ".kube/config|.docker/config.json") \
	X("profile", "T1546.004", "run-shell |run '|run \"|default-command|default-shell", \
	  ".tmux.conf|.config/tmux/tmux.conf|etc/tmux.conf") \
	X("log hook", "T1546", "omprog|binary=|mmexternal| ^/", "etc/rsyslog.conf|etc/rsyslog.d/*") \
	X("tcp wrapper", "T1546", "spawn |spawn(|twist ", "etc/hosts.allow|etc/hosts.deny") \
	X("web start", "T1505.003", "auto_prepend_file|auto_append_file", ".htaccess") \
	X("web handler", "T1505.003", "application/x-httpd-php|cgi-script|php-script", ".htaccess|" \
	  "etc/apache2/*-enabled/*|etc/apache2/*-available/*|etc/httpd/conf.d/*.conf") \
	X("polkit", "T1548", "<allow_any>yes|<allow_inactive>yes|<allow_active>yes|exec.path", \
	  "polkit-1/actions/*.policy") \
	X("bus policy", "T1548", "own=|own_prefix=|send_destination=\"*\"|<servicedir|<servicehelper", \
	  "dbus-1/system.d/*.conf|dbus-1/session.d/*.conf|etc/dbus-1/system.conf|etc/dbus-1/session.conf|" \
	  "etc/dbus-1/system-local.conf|etc/dbus-1/session-local.conf|share/dbus-1/system.conf|share/dbus-1/session.conf") \
	X("network hook", "T1546", "script ", "etc/dhcp/dhclient.conf") \
	X("network hook", "T1546", "connect |disconnect |pty |plugin |init |welcome ", "etc/ppp/peers/*|etc/ppp/options*") \
	X("initramfs script", "T1542", "keyscript=", "etc/crypttab") \
	X("x session", "T1547.013", "modulepath ", "etc/X11/xorg.conf|etc/X11/xorg.conf.d/*") \
	X("log-on script", "T1546", "userdel_cmd |useradd_cmd |fake_shell ", "etc/login.defs") \
	X("script start", "T1546", "pinentry-program |scdaemon-program ", ".gnupg/gpg-agent.conf") \
	X("script start", "T1546", "%(", ".rpmmacros|etc/rpm/macros|etc/rpm/macros.*") \
	X("script start", "T1546", ".shell |.system |.load ", ".sqliterc") \
	X("script start", "T1546", "folderopen", ".vscode/tasks.json") \
	X("browser extension", "T1176", "\"path\"", "native-messaging-hosts/*.json") \
	X("browser extension", "T1176", "extensioninstallforcelist|extensionsettings|force_installed", \
	  "policies/managed/*.json|firefox/policies/policies.json|firefox/distribution/policies.json") \
	X("sudo plugin", "T1548.003", "plugin ", "etc/sudo.conf")

#endif
