// Package backup keeps the directory of dumps: it makes them under a lock, restores them on trial, hands them to the hook that copies
// them off the machine, and removes the old ones. What it finds there, the doctor judges.
package backup
