package tui

import (
	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/screen"
)

// screens are the seven, in the order of their keys.
func screens(l *look.Look) []screen.Screen {
	return []screen.Screen{
		screen.NewOverview(l), screen.NewQueries(l), screen.NewIndexes(l), screen.NewMigrations(l), screen.NewActivity(l),
		screen.NewCache(l), screen.NewLog(l),
	}
}

// screenOf is the number of a screen, counted from 0.
func screenOf(a keys.Action) (int, bool) {
	for i, one := range []keys.Action{keys.Screen1, keys.Screen2, keys.Screen3, keys.Screen4, keys.Screen5, keys.Screen6, keys.Screen7} {
		if one == a {
			return i, true
		}
	}
	return 0, false
}
