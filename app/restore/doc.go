// Package restore puts a dump in the place of the database: it says first what that would do away with, refuses while anybody works
// there, and leaves the old database beside the new one, so that it can be taken back.
package restore
