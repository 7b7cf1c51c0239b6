package source

// Dial opens the first of these sockets.
var Dial = dial
