// Package report puts together what an operator is shown of the database: figures of the store, of the server and of the migrations
// in one object. The daemon's socket and the command line show the same.
package report
