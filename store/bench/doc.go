// Package bench measures the product's own statements on data of any size: it makes a database of its own beside the one that it is
// given, fills it with people who talk, eat and are reminded as people do, runs statements with any number of callers, and says what
// an index gives and what it costs.
//
// Only what was measured is reported. It never touches the database whose URL it is given, beyond asking it to make and drop another;
// Past alone writes into the one that it is handed, for a rehearsal.
package bench
