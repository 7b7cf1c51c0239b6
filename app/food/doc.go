// Package food understands what a person says they ate, without any model: it reads one message of plain text and answers with foods,
// grams and nutrients, and with the pieces it did not understand.
//
// Its one rule is that nothing is guessed in silence. A portion nobody mentioned is marked as assumed; a piece that is not wholly
// understood, a unit that does not fit its food, a number that cannot be meant and a word with several meanings come back as Unknown, to
// be asked. The foods are the USDA's Standard Reference 24, embedded; everyday words, their portions and the words to ask about are in
// data/.
//
// It is pure: it reads no clock, keeps no state between messages and knows nothing of who is speaking.
package food
