// Package widget is what screens are put together from: a table whose cursor stays with its row, sparklines with gaps, gauges, texts that
// scroll. Every widget draws exactly the room that it was given, and knows nothing of what it shows.
package widget
