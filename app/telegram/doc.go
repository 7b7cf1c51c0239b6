// Package telegram is the way in and out: it takes updates from the Bot API into the inbox, hands them to the coach in the order of
// each chat, and sends what waits in the outbox within Telegram's limits. It is the only room that knows the Bot API.
//
// The library's own receiving is not used: it acknowledges updates before they are handled, and one update of a shape that it does
// not know stops it for ever. An update is acknowledged here only after its bytes are committed, and of its shape only the id must be
// right.
package telegram
