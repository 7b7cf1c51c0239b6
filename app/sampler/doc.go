// Package sampler looks at everything once, for however many viewers there are: the process, the machine, the database, Redis. It keeps
// what it saw as history, in memory and on disk, judges what needs somebody, and streams the state and its changes.
//
// Each collector has its own pace and its own budget and never overlaps itself. What costs the database something is read all the time
// only where the history needs it, and the rest while somebody looks. A collector that fails leaves its last figures in place, with their
// age and the reason. Nothing in here can end the daemon or hold it up.
package sampler
