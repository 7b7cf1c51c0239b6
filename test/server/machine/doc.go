// Package machine boots throw-away Debian servers with systemd as PID 1 on the
// machine at hand, for tests of what is installed on servers.
//
// A server is an overlay on a cached root, run by systemd-nspawn in namespaces
// of its own: mounts, processes, network, cgroups. Nothing of it is registered
// with the machine's own service manager, and all of it ends with the process
// that booted it, however that one ends. What a killed process leaves on the
// disk, the next one removes.
//
// Not to be had this way: enforcement of memory and task limits, a power cut
// (a hard kill leaves the page cache alone), another kernel.
package machine
