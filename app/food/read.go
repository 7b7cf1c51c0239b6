package food

import (
	"strings"
	"unicode/utf8"
)

const (
	maxText    = 16 << 10 // bytes that are read; what is beyond is asked
	maxPieces  = 64       // foods and questions of one message
	maxWords   = 24       // of one piece
	maxGrams   = 5000
	maxQuote   = 200 // bytes of Unknown.Text
	maxSuggest = 8   // pieces that get suggestions
)

// Read understands one message. It never fails: what it does not understand is in Unknown. Its work is bounded for any text.
func (t *Table) Read(text string) Reading {
	r := &reader{t: t, text: text}
	if len(text) > maxText {
		cut := maxText
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		r.text = text[:cut]
	}
	toks := tokenize(r.text)
	for i := range toks {
		if right, ok := t.spelling[toks[i].stem]; ok && toks[i].kind == word {
			toks[i].stem = right
		}
	}
	t.hold(toks)
	list := false // a heading such as "to buy:" spoils all that follows
	for _, s := range sentences(toks) {
		if len(r.out.Items) >= maxPieces || len(r.out.Unknown) >= maxPieces {
			r.unknown(s[0].start, min(len(r.text), s[0].start+maxQuote), nil)
			break
		}
		list = list || headsOther(s)
		r.sentence(s, list)
	}
	if len(r.out.Items) == 0 && len(r.out.Unknown) == 0 && strings.TrimSpace(r.text) != "" {
		r.unknown(0, len(r.text), nil)
	}
	if r.time.found {
		w := r.time.when
		r.out.When = &w
	}
	if over := len(r.text); len(text) > over {
		r.text = text
		r.unknown(over, min(over+maxQuote, len(text)), nil)
	}
	return r.out
}

type reader struct {
	t         *Table
	text      string
	time      timeFinder
	out       Reading
	suggested int
}

// hold marks the words that belong to an everyday name of several words, so that the "and" in "mac and cheese" joins nothing.
func (t *Table) hold(toks []token) {
	for i := 0; i < len(toks); {
		if toks[i].kind == word && toks[i].stem == "and" && i > 0 && counts(toks[i-1]) { // one and a half
			if w := stemsAt(toks, i, 3); w[1] == "a" && (w[2] == "half" || w[2] == "quarter") {
				toks[i].held = true
			}
		}
		s, n := t.senseAt(toks, i)
		if n < 2 || s.dish != nil && i > 0 && divides(s.dish, toks[i:i+n]) && counted(toks[:i]) {
			i++
			continue
		}
		for k := range n {
			toks[i+k].held = true
		}
		i += n
	}
}

// divides tells whether the words name the parts of a dish one by one, so that a number before them counts the first only.
func divides(_ *dish, toks []token) bool {
	last, on := toks[len(toks)-1].stem, false
	for _, t := range toks {
		on = on || t.stem == "on"
	}
	switch last {
	case "sandwich", "omelette", "omelet", "toast", "salad":
		return on // half an avocado on toast
	}
	for _, t := range toks {
		if joins(t.stem) != "" {
			return true
		}
	}
	return false
}

// counted tells whether an amount stands before a name: "2", "a slice of", "half an".
func counted(before []token) bool {
	last := before[len(before)-1]
	if (last.text == "a" || last.text == "an") && len(before) > 1 {
		w := before[len(before)-2].stem
		return w == "half" || w == "quarter" || w == "third"
	}
	return counts(last) || last.stem == "of" || isMeasure(last)
}

func counts(t token) bool {
	if t.kind == num || t.kind == bad {
		return true
	}
	_, ok := numberWord(t.text)
	return t.kind == word && ok
}

func isMeasure(t token) bool {
	u := unitName(t.stem)
	known, _ := household(u)
	return t.kind == word && (known || massOf(u) > 0 || volumeOf(u) > 0)
}

// sentences splits at full stops and line ends; a stop after an abbreviated unit is none.
func sentences(toks []token) [][]token {
	var out [][]token
	from := 0
	for i, t := range toks {
		if i > from && t.kind == word && !t.held && mealOf(t.stem) != "" && i+1 < len(toks) && toks[i+1].text == ":" { // a heading in the line
			out = append(out, toks[from:i])
			from = i
			continue
		}
		if t.kind != stop && t.kind != ask {
			continue
		}
		if t.text == "." && i > from && t.tight && (isMeasure(toks[i-1]) || toks[i-1].text == "kl" || toks[i-1].text == "ca" || toks[i-1].text == "approx") {
			toks[i].kind = sep
			if i+1 < len(toks) && toks[i+1].kind == word {
				toks[i].text = "" // "2 tbsp. honey"
			}
			continue
		}
		end := i
		if t.kind == ask {
			end++ // a question keeps its mark
		}
		if end > from {
			out = append(out, toks[from:end])
		}
		from = i + 1
	}
	if from < len(toks) {
		out = append(out, toks[from:])
	}
	return out
}

// headsOther tells whether the sentence is a heading over something that was not eaten.
func headsOther(s []token) bool {
	return len(s) > 1 && s[len(s)-1].text == ":" && breaks(s)
}

// breaks tells whether the sentence says something else than what was consumed.
func breaks(s []token) bool {
	for i, t := range s {
		switch {
		case t.kind == ask:
			return true
		case t.kind == word && !t.held && isBreak(t.stem) && !(t.stem == "like" && i > 0 && s[i-1].stem == "feel"):
			return true
		case t.kind == word && t.stem == "can" && i+1 < len(s) && (s[i+1].text == "i" || s[i+1].text == "you" || s[i+1].text == "we"):
			return true
		}
	}
	return false
}

func (r *reader) sentence(s []token, spoiled bool) {
	if spoiled || breaks(s) {
		r.unknownTokens(s, nil)
		return
	}
	saved := r.time
	r.time.meal = "" // another one may be named here, but only one
	rest := r.time.take(s)
	if r.time.conflict {
		r.time = saved
		r.unknownTokens(s, nil)
		return
	}
	if r.time.meal == "" {
		r.time.meal = saved.meal // of the heading above
	}
	pieces := split(rest)
	before := len(r.out.Items)
	r.pieces(pieces)
	if len(pieces) > 0 && len(r.out.Items) == before {
		r.time = saved // nothing was eaten at that time
		return
	}
	for i := range r.out.Items[before:] {
		r.out.Items[before+i].Meal = r.time.meal
	}
	if r.out.Meal == "" {
		r.out.Meal = r.time.meal
	}
}

// piece is what stands between two separators.
type piece struct {
	toks []token
	join string // how it is joined to the piece before: "", "and", "with", "on", "without"
}

func split(s []token) []piece {
	var out []piece
	cur := piece{}
	flush := func(join string) {
		if len(cur.toks) > 0 {
			out = append(out, cur)
			cur = piece{join: join}
			return
		}
		if join != "" && (cur.join == "" || join == "without" || cur.join == "and") {
			cur.join = join
		}
	}
	for i, t := range s {
		switch {
		case t.kind == sep && t.text == "":
		case t.kind == sep:
			flush("")
		case t.kind == word && !t.held && joins(t.stem) != "" && !(t.stem == "then" && i == 0):
			flush(joins(t.stem))
		case t.kind == word && !t.held && t.stem == "or" && cur.join == "without" && len(cur.toks) > 0:
			flush("without")
		default:
			cur.toks = append(cur.toks, t)
		}
	}
	if len(cur.toks) > 0 {
		out = append(out, cur)
	}
	return out
}

func (r *reader) unknownTokens(s []token, offers []string) {
	if len(s) > 0 {
		r.unknown(s[0].start, s[len(s)-1].end, offers)
	}
}

// unknown asks about a stretch of the message.
func (r *reader) unknown(start, end int, offers []string) {
	if len(r.out.Unknown) > maxPieces {
		return // the last one speaks for the rest
	}
	text := strings.ToValidUTF8(strings.TrimSpace(r.text[min(start, len(r.text)):min(end, len(r.text))]), "�")
	if text == "" {
		text = "…"
	}
	if len(text) > maxQuote {
		cut := maxQuote - len("…")
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	r.out.Unknown = append(r.out.Unknown, Unknown{Text: text, Suggestions: offers})
}
