package food

import (
	"slices"
	"sort"
	"strings"
)

// nearIndex finds everyday words that look alike, by the groups of three letters they share.
type nearIndex struct {
	words []nearWord
	lists map[string][]uint16 // three letters -> words that have them, ascending
}

type nearWord struct {
	key  string
	name string // canonical
	size int    // groups of three letters
}

func (t *Table) buildNear() {
	keys := make([]string, 0, len(t.meaning))
	for k := range t.meaning {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	x := nearIndex{lists: map[string][]uint16{}}
	for i, k := range keys {
		grams := trigrams(k)
		x.words = append(x.words, nearWord{key: k, name: t.meaning[k].name(), size: len(grams)})
		for _, g := range grams {
			x.lists[g] = append(x.lists[g], uint16(i))
		}
	}
	t.near = x
}

// trigrams are the distinct groups of three bytes of the words, each word with a space around it.
func trigrams(s string) []string {
	out := make([]string, 0, len(s)+4)
	for w := range strings.FieldsSeq(s) {
		w = "  " + w + " "
		for i := 0; i+3 <= len(w); i++ {
			if g := w[i : i+3]; !slices.Contains(out, g) {
				out = append(out, g)
			}
		}
	}
	return out
}

// suggest gives up to three everyday names that look like the words, best first.
func (t *Table) suggest(words []string) []string {
	key := strings.Join(words, " ")
	if key == "" {
		return nil
	}
	if offers, ok := t.ask[key]; ok {
		return append([]string(nil), offers...)
	}
	if len(words) > 0 {
		if offers, ok := t.ask[words[len(words)-1]]; ok && len(words) <= 2 {
			return append([]string(nil), offers...)
		}
	}
	if s, ok := t.meaning[key]; ok {
		return []string{s.name()}
	}
	if len(key) > 60 {
		key = key[:60]
	}
	t.nearOnce.Do(t.buildNear)
	grams := trigrams(key)
	shared := map[uint16]int{}
	for _, g := range grams {
		for _, id := range t.near.lists[g] {
			shared[id]++
		}
	}
	score := map[string]float64{}
	for id, n := range shared {
		w := t.near.words[id]
		s := 2 * float64(n) / float64(len(grams)+w.size)
		if edits(key, w.key) <= 1+len(key)/6 {
			s += 0.3
		}
		if s >= 0.45 && s > score[w.name] {
			score[w.name] = s
		}
	}
	names := make([]string, 0, len(score))
	for n := range score {
		names = append(names, n)
	}
	sort.Slice(names, func(a, b int) bool {
		if score[names[a]] != score[names[b]] {
			return score[names[a]] > score[names[b]]
		}
		return names[a] < names[b]
	})
	return names[:min(3, len(names))]
}

// edits counts the letters to change, add, drop or swap to make a of b; beyond a difference of three in length it does not look.
func edits(a, b string) int {
	if d := len(a) - len(b); d > 3 || d < -3 {
		return 99
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
