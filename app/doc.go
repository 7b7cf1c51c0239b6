// Package app is the service's life: it builds the rooms, starts them in order, says when it is ready, lets one process lead, keeps
// the house in order while it runs, and drains at the end. What the parts do is their own; here stands when and in which order.
package app
