package config

import (
	"maps"
	"slices"
)

// nearest returns the known name that differs from name by the fewest letters, empty
// when the best is too far to be what was meant.
func nearest(name string, known map[string]bool) string {
	best, distance := "", 4
	for _, candidate := range slices.Sorted(maps.Keys(known)) {
		if candidate == "" {
			continue
		}
		if d := editDistance(name, candidate); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions and replacements that turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			above := row[j]
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			row[j] = min(cost, above+1, row[j-1]+1)
			diagonal = above
		}
	}
	return row[len(b)]
}
