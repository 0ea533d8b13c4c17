"""Numbers that Linux audit writes in place of names: types of records, and system calls that change something.

Facts: include/uapi/linux/audit.h of the Linux kernel; the tables of system calls of x86-64, x86 and of the generic ABI
(arm64, riscv); names of record types as in the audit user space documentation, "Audit record types".
"""

from typing import Final

RECORD_TYPES: Final = {
    1006: "LOGIN", 1100: "USER_AUTH", 1101: "USER_ACCT", 1102: "USER_MGMT", 1103: "CRED_ACQ", 1104: "CRED_DISP",
    1105: "USER_START", 1106: "USER_END", 1107: "USER_AVC", 1108: "USER_CHAUTHTOK", 1109: "USER_ERR",
    1110: "CRED_REFR", 1111: "USYS_CONFIG", 1112: "USER_LOGIN", 1113: "USER_LOGOUT", 1114: "ADD_USER",
    1115: "DEL_USER", 1116: "ADD_GROUP", 1117: "DEL_GROUP", 1118: "DAC_CHECK", 1119: "CHGRP_ID", 1120: "TEST",
    1121: "TRUSTED_APP", 1122: "USER_SELINUX_ERR", 1123: "USER_CMD", 1124: "USER_TTY", 1125: "CHUSER_ID",
    1126: "GRP_AUTH", 1127: "SYSTEM_BOOT", 1128: "SYSTEM_SHUTDOWN", 1129: "SYSTEM_RUNLEVEL", 1130: "SERVICE_START",
    1131: "SERVICE_STOP", 1132: "GRP_MGMT", 1133: "GRP_CHAUTHTOK", 1134: "MAC_CHECK", 1135: "ACCT_LOCK",
    1136: "ACCT_UNLOCK", 1137: "USER_DEVICE", 1138: "SOFTWARE_UPDATE", 1200: "DAEMON_START", 1201: "DAEMON_END",
    1202: "DAEMON_ABORT", 1203: "DAEMON_CONFIG", 1205: "DAEMON_ROTATE", 1206: "DAEMON_RESUME", 1300: "SYSCALL",
    1302: "PATH", 1303: "IPC", 1304: "SOCKETCALL", 1305: "CONFIG_CHANGE", 1306: "SOCKADDR", 1307: "CWD",
    1309: "EXECVE", 1311: "IPC_SET_PERM", 1312: "MQ_OPEN", 1313: "MQ_SENDRECV", 1314: "MQ_NOTIFY",
    1315: "MQ_GETSETATTR", 1316: "KERNEL_OTHER", 1317: "FD_PAIR", 1318: "OBJ_PID", 1319: "TTY", 1320: "EOE",
    1321: "BPRM_FCAPS", 1322: "CAPSET", 1323: "MMAP", 1324: "NETFILTER_PKT", 1325: "NETFILTER_CFG", 1326: "SECCOMP",
    1327: "PROCTITLE", 1328: "FEATURE_CHANGE", 1329: "REPLACE", 1330: "KERN_MODULE", 1331: "FANOTIFY",
    1332: "TIME_INJOFFSET", 1333: "TIME_ADJNTPVAL", 1334: "BPF", 1335: "EVENT_LISTENER", 1336: "URINGOP",
    1337: "OPENAT2", 1338: "DM_CTRL", 1339: "DM_EVENT", 1400: "AVC", 1401: "SELINUX_ERR", 1402: "AVC_PATH",
    1403: "MAC_POLICY_LOAD", 1404: "MAC_STATUS", 1405: "MAC_CONFIG_CHANGE", 1415: "MAC_IPSEC_EVENT",
    1700: "ANOM_PROMISCUOUS", 1701: "ANOM_ABEND", 1702: "ANOM_LINK", 1703: "ANOM_CREAT", 1800: "INTEGRITY_DATA",
    1801: "INTEGRITY_METADATA", 1802: "INTEGRITY_STATUS", 1803: "INTEGRITY_HASH", 1804: "INTEGRITY_PCR",
    1805: "INTEGRITY_RULE", 2000: "KERNEL", 2100: "ANOM_LOGIN_FAILURES", 2101: "ANOM_LOGIN_TIME",
    2102: "ANOM_LOGIN_SESSIONS", 2103: "ANOM_LOGIN_ACCT", 2104: "ANOM_LOGIN_LOCATION",
    2300: "USER_ROLE_CHANGE", 2301: "ROLE_ASSIGN", 2302: "ROLE_REMOVE", 2303: "LABEL_OVERRIDE",
    2404: "CRYPTO_KEY_USER", 2407: "CRYPTO_SESSION",
    2500: "VIRT_CONTROL", 2501: "VIRT_RESOURCE", 2502: "VIRT_MACHINE_ID",
}  # fmt: skip

# Records that add to another of the same event and never are what it is about.
AUXILIARY: Final = (
    "SYSCALL", "SOCKETCALL", "PATH", "CWD", "EXECVE", "PROCTITLE", "SOCKADDR", "EOE", "BPRM_FCAPS", "CAPSET", "FD_PAIR",
    "OBJ_PID", "MMAP", "IPC", "IPC_SET_PERM", "MQ_OPEN", "MQ_SENDRECV", "MQ_NOTIFY", "MQ_GETSETATTR", "AVC_PATH",
    "OPENAT2", "URINGOP", "KERN_MODULE", "NETFILTER_PKT",
)  # fmt: skip

_X86_64: Final = {
    2: "open", 41: "socket", 42: "connect", 43: "accept", 44: "sendto", 49: "bind", 50: "listen", 59: "execve", 62:
    "kill", 76: "truncate", 77: "ftruncate", 82: "rename", 83: "mkdir", 84: "rmdir", 85: "creat", 86: "link", 87:
    "unlink", 88: "symlink", 90: "chmod", 91: "fchmod", 92: "chown", 93: "fchown", 94: "lchown", 101: "ptrace", 105:
    "setuid", 106: "setgid", 113: "setreuid", 114: "setregid", 116: "setgroups", 117: "setresuid", 119: "setresgid",
    126: "capset", 133: "mknod", 155: "pivot_root", 159: "adjtimex", 161: "chroot", 164: "settimeofday", 165: "mount",
    166: "umount2", 167: "swapon", 168: "swapoff", 169: "reboot", 170: "sethostname", 171: "setdomainname", 175:
    "init_module", 176: "delete_module", 188: "setxattr", 189: "lsetxattr", 190: "fsetxattr", 197: "removexattr", 198:
    "lremovexattr", 199: "fremovexattr", 227: "clock_settime", 246: "kexec_load", 257: "openat", 258: "mkdirat", 259:
    "mknodat", 260: "fchownat", 263: "unlinkat", 264: "renameat", 265: "linkat", 266: "symlinkat", 268: "fchmodat",
    272: "unshare", 288: "accept4", 305: "clock_adjtime", 308: "setns", 310: "process_vm_readv", 311:
    "process_vm_writev", 313: "finit_module", 316: "renameat2", 320: "kexec_file_load", 321: "bpf", 322: "execveat",
    437: "openat2",
}  # fmt: skip
_X86: Final = {
    5: "open", 8: "creat", 9: "link", 10: "unlink", 11: "execve", 14: "mknod", 15: "chmod", 16: "lchown", 21: "mount",
    23: "setuid", 26: "ptrace", 37: "kill", 38: "rename", 39: "mkdir", 40: "rmdir", 46: "setgid", 52: "umount2", 61:
    "chroot", 70: "setreuid", 71: "setregid", 74: "sethostname", 79: "settimeofday", 81: "setgroups", 83: "symlink",
    87: "swapon", 88: "reboot", 92: "truncate", 93: "ftruncate", 94: "fchmod", 95: "fchown", 115: "swapoff", 121:
    "setdomainname", 124: "adjtimex", 128: "init_module", 129: "delete_module", 164: "setresuid", 170: "setresgid",
    182: "chown", 185: "capset", 217: "pivot_root", 226: "setxattr", 227: "lsetxattr", 228: "fsetxattr", 235:
    "removexattr", 236: "lremovexattr", 237: "fremovexattr", 264: "clock_settime", 283: "kexec_load", 295: "openat",
    296: "mkdirat", 297: "mknodat", 298: "fchownat", 301: "unlinkat", 302: "renameat", 303: "linkat", 304:
    "symlinkat", 306: "fchmodat", 310: "unshare", 343: "clock_adjtime", 346: "setns", 347: "process_vm_readv", 348:
    "process_vm_writev", 350: "finit_module", 353: "renameat2", 357: "bpf", 358: "execveat", 359: "socket", 361:
    "bind", 362: "connect", 363: "listen", 364: "accept4", 369: "sendto", 437: "openat2",
}  # fmt: skip
_GENERIC: Final = {
    5: "setxattr", 6: "lsetxattr", 7: "fsetxattr", 14: "removexattr", 15: "lremovexattr", 16: "fremovexattr", 33:
    "mknodat", 34: "mkdirat", 35: "unlinkat", 36: "symlinkat", 37: "linkat", 38: "renameat", 39: "umount2", 40:
    "mount", 41: "pivot_root", 45: "truncate", 46: "ftruncate", 51: "chroot", 52: "fchmod", 53: "fchmodat", 54:
    "fchownat", 55: "fchown", 56: "openat", 91: "capset", 97: "unshare", 104: "kexec_load", 105: "init_module", 106:
    "delete_module", 112: "clock_settime", 117: "ptrace", 129: "kill", 142: "reboot", 143: "setregid", 144: "setgid",
    145: "setreuid", 146: "setuid", 147: "setresuid", 149: "setresgid", 159: "setgroups", 161: "sethostname", 162:
    "setdomainname", 170: "settimeofday", 171: "adjtimex", 198: "socket", 200: "bind", 201: "listen", 202: "accept",
    203: "connect", 206: "sendto", 221: "execve", 224: "swapon", 225: "swapoff", 242: "accept4", 266: "clock_adjtime",
    268: "setns", 270: "process_vm_readv", 271: "process_vm_writev", 273: "finit_module", 276: "renameat2", 280:
    "bpf", 281: "execveat", 294: "kexec_file_load", 437: "openat2",
}  # fmt: skip

# By the value of arch=, which the kernel makes of the ELF machine, its size and byte order.
SYSTEM_CALLS: Final = {
    "c000003e": _X86_64,
    "40000003": _X86,
    "c00000b7": _GENERIC,
    "c00000f3": _GENERIC,
}
