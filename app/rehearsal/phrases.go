package rehearsal

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// NameOf is the name of person i, from 0 on; names repeat with a number.
func NameOf(i int) string {
	names := strings.Fields("Maja Kofi Aiko Lucía Tariq Ingrid Mei Diego Amara Jonas Priya Yusuf Elif Noah Zanele " +
		"Mateo Sanna Omar Freya Kwame Ana Ravi Leila Björn Chidi Hana Luka Nadia Emeka Saga Thiago Olena Farid " +
		"Wanjiru Pavel Noor Teuvo Rosa Keanu Zofia")
	if i < len(names) {
		return names[i]
	}
	return names[i%len(names)] + strconv.Itoa(i/len(names)+1)
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

// food is a meal in everyday words.
func food(r *rand.Rand) string {
	n, g := 1+r.IntN(3), 50*(1+r.IntN(6))
	return pick(r,
		fmt.Sprintf("%d eggs and %d g rice", n+1, g),
		"coffee with milk",
		fmt.Sprintf("%d cup oats", n),
		"half an avocado",
		fmt.Sprintf("%d slices of bread and butter", n+1),
		fmt.Sprintf("%d g chicken breast", g),
		fmt.Sprintf("%d bananas", n+1),
		"a bowl of oatmeal and an apple",
		fmt.Sprintf("%d ml milk", g),
		fmt.Sprintf("%d g salmon, %d g potatoes", g, g+50),
		"1 cup yogurt",
		"two boiled eggs",
	)
}

// reminder asks for one, or for the list of them.
func reminder(r *rand.Rand) string {
	what := pick(r, "drink water", "stretch", "take vitamins", "go for a walk", "weigh myself", "prepare lunch")
	hour, minute := 6+r.IntN(16), 15*r.IntN(4)
	return pick(r,
		fmt.Sprintf("/remind %s at %02d:%02d", what, hour, minute),
		fmt.Sprintf("remind me to %s at %02d:%02d", what, hour, minute),
		fmt.Sprintf("remind me to %s every day at %02d:%02d", what, hour, minute),
		fmt.Sprintf("remind me to %s in %d minutes", what, 10+5*r.IntN(10)),
		fmt.Sprintf("remind me to %s tomorrow at %02d:%02d", what, hour, minute),
		"/reminders",
	)
}

// progress asks how it goes.
func progress(r *rand.Rand) string {
	return pick(r, "/today", "/xp", "/top", "/today", "/xp")
}

// smallTalk is what people say besides; some of it is hard to quote back.
func smallTalk(r *rand.Rand) string {
	return pick(r,
		"good morning", "hello!", "how am I doing?", "I slept badly", "feeling great today 💪",
		"thanks <3", "salt & pepper?", "what can you do", "/help", "I went for a run, 5 km",
		"is <b>bread</b> bad for me?", "no more sugar this week…", "👍", "مرحبا", "ska vi äta lunch?",
		"I feel\na bit\ntired", "why?", "ok", "see you \"later\"", "let's try something new",
	)
}
