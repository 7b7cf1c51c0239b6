package remind

// Question is the error of Parse when a text is not understood beyond doubt. Its
// Sentence goes to the person: plain words that say what is missing or unclear and
// how to write it, without any of the person's own text.
type Question struct {
	Sentence string
}

// Error names no part of the text, so that it may be logged.
func (q *Question) Error() string { return "remind: text needs a question back" }

func ask(sentence string) *Question { return &Question{Sentence: sentence} }

const example = "For example: tomorrow at 9 take pills, in 20 minutes drink water, or every weekday at 7:30 weigh myself."

func askTime() *Question {
	return ask("I need the time of the reminder, next to its text. " + example)
}

func askClock() *Question {
	return ask("At what time? Write it like 18:30, 9pm or at 9. " + example)
}

func askMessage() *Question {
	return ask("What shall I remind you of? Write the text beside the time. " + example)
}

func askOneTime() *Question {
	return ask("I see more than one time there, and I do not want to guess. Write the time once, at the start or the end, " +
		`and put the text in quotes if it holds a time itself: tomorrow at 9 "prepare the 10:00 meeting".`)
}

func askUnclear() *Question {
	return ask("I am not sure about the time there, and I do not want to guess. Write it at the start or the end, " +
		`and put the text in quotes if it only sounds like a time: tomorrow at 9 "call before noon".`)
}

func askBadClock() *Question {
	return ask("That is not a time of day. Write it like 18:30, 9:30 or 9pm. " + example)
}

func askBadDate() *Question {
	return ask("That is not a date that I can use. Write it like 31.12.2026, 2026-12-31 or 31 December.")
}

func askPast() *Question {
	return ask("That time has already passed. Write one that is still to come. " + example)
}
