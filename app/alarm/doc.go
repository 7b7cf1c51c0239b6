// Package alarm tells the administrators in Telegram what has turned red, and that it is well again: once, and not too often.
package alarm
