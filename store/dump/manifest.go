package dump

import "time"

// Manifest says what is in a dump. It is written beside it, as JSON.
type Manifest struct {
	Format    int       `json:"format"` // 1
	File      string    `json:"file"`   // the name of the dump, without its directory
	Bytes     int64     `json:"bytes"`
	SHA256    string    `json:"sha256"` // of the dump, in lower-case hexadecimal
	CreatedAt time.Time `json:"created_at"`
	Seconds   float64   `json:"seconds"` // that the dump took
	Reason    string    `json:"reason"`  // scheduled, manual, upgrade, purge
	Keep      bool      `json:"keep"`    // it is never removed to make room for newer ones

	Program       string      `json:"program"`        // version of healthagent that made it
	Server        string      `json:"server"`         // version of PostgreSQL that it was made of
	Database      string      `json:"database"`       // its name
	DatabaseBytes int64       `json:"database_bytes"` // what it takes on the server
	Schema        []Migration `json:"schema"`         // the ledger, by version
	Tables        []Table     `json:"tables"`         // by name
	Unsent        int64       `json:"unsent"`         // messages that are not sent to Telegram yet
	Unread        int64       `json:"unread"`         // messages from Telegram that are not answered yet

	Verified *Outcome `json:"verified,omitempty"` // the last time that it was restored on trial
	Copied   *Outcome `json:"copied,omitempty"`   // the last time that the hook took it elsewhere
}

// Migration is one row of the ledger.
type Migration struct {
	Version int    `json:"version"`
	Name    string `json:"name"`
	State   string `json:"state"`
	// Additive: an older version of healthagent that does not know it can work with it.
	Additive bool `json:"additive"`
}

// Table is a table and how many rows the dump has of it: both are of one snapshot.
type Table struct {
	Name string `json:"name"` // with its schema
	Rows int64  `json:"rows"`
}

// Outcome of something that was done with a dump. Text says in words what came of it.
type Outcome struct {
	At      time.Time `json:"at"`
	OK      bool      `json:"ok"`
	Text    string    `json:"text"`
	Seconds float64   `json:"seconds"`
}
