package migrations

import (
	"slices"
	"strings"
)

// ObjectKind is what a migration makes.
type ObjectKind string

// The kinds of objects that are told apart.
const (
	TableObject      ObjectKind = "table"
	IndexObject      ObjectKind = "index"
	FunctionObject   ObjectKind = "function"
	TriggerObject    ObjectKind = "trigger"
	ColumnObject     ObjectKind = "column"
	ConstraintObject ObjectKind = "constraint"
	ViewObject       ObjectKind = "view"
	TypeObject       ObjectKind = "type"
	SequenceObject   ObjectKind = "sequence"
	OtherObject      ObjectKind = "other" // a policy, a rule, an extension…
)

// objectID names an object as a statement does. Table is that of an index, a
// trigger, a column or a constraint; a DROP INDEX does not say it.
type objectID struct {
	kind                ObjectKind
	schema, name, table string
}

// same compares what both sides say; an unnamed object is like no other.
func (o objectID) same(other objectID) bool {
	tables := o.table == other.table || o.kind == IndexObject && (o.table == "" || other.table == "")
	return o.name != "" && o.kind == other.kind && o.name == other.name && tables &&
		schemaOr(o.schema) == schemaOr(other.schema)
}

// inventory lists what the statements make and what they drop. What they make and
// drop again themselves is in neither.
func inventory(statements []Statement) (made, dropped []objectID) {
	for _, st := range statements {
		m, d := effects(st)
		for _, o := range d {
			n := len(made)
			made = slices.DeleteFunc(made, o.covers)
			if len(made) == n {
				dropped = append(dropped, o)
			}
		}
		made = append(made, m...)
	}
	return made, dropped
}

// covers reports whether dropping o takes the other along: itself, or what hangs
// on a table.
func (o objectID) covers(other objectID) bool {
	onIt := o.kind == TableObject && other.table == o.name && schemaOr(o.schema) == schemaOr(other.schema)
	return o.same(other) || onIt
}

// coverage tells which of the objects made are taken back by a rollback's
// statements, and what these drop that was not made here. A function that is
// replaced counts as taken back: the older version was put in its place.
func coverage(made []objectID, rollback []Statement) (covered []bool, beyond []objectID) {
	restored, dropped := inventory(rollback)
	covered = make([]bool, len(made))
	for i, o := range made {
		covered[i] = slices.ContainsFunc(dropped, func(d objectID) bool { return d.covers(o) }) ||
			slices.ContainsFunc(restored, o.same)
	}
	for _, d := range dropped {
		if !slices.ContainsFunc(made, d.same) {
			beyond = append(beyond, d)
		}
	}
	return covered, beyond
}

// effects returns what one statement makes and drops.
func effects(st Statement) (made, dropped []objectID) {
	switch {
	case st.starts("CREATE"):
		if o, ok := madeBy(st); ok {
			made = append(made, o)
		}
	case st.starts("DROP"):
		dropped = droppedBy(st)
	case st.starts("ALTER", "TABLE"):
		schema, table, acts := actions(st)
		for _, act := range acts {
			o, ok := columnOrConstraint(act)
			o.schema, o.table = schema, table
			switch {
			case ok && act[0].is("ADD"):
				made = append(made, o)
			case ok:
				dropped = append(dropped, o)
			}
		}
	}
	return made, dropped
}

// objectNouns are the words behind CREATE and DROP.
func objectNouns() map[string]ObjectKind {
	return map[string]ObjectKind{
		"TABLE": TableObject, "INDEX": IndexObject, "FUNCTION": FunctionObject, "PROCEDURE": FunctionObject,
		"TRIGGER": TriggerObject, "VIEW": ViewObject, "TYPE": TypeObject, "DOMAIN": TypeObject, "SEQUENCE": SequenceObject,
		"POLICY": OtherObject, "RULE": OtherObject, "EXTENSION": OtherObject, "SCHEMA": OtherObject,
	}
}

// noun skips the adjectives behind the verb and returns the kind and what follows.
func noun(tokens []token) (ObjectKind, []token, bool) {
	adjectives := []string{"OR", "REPLACE", "UNIQUE", "CONSTRAINT", "MATERIALIZED", "UNLOGGED", "TEMP", "TEMPORARY", "RECURSIVE"}
	nouns := objectNouns()
	for i, t := range tokens {
		if kind, ok := nouns[strings.ToUpper(t.text)]; ok && t.kind == word {
			return kind, skipWords(tokens[i+1:], "CONCURRENTLY", "IF", "NOT", "EXISTS"), true
		}
		if !slices.ContainsFunc(adjectives, t.is) {
			break
		}
	}
	return "", nil, false
}

func skipWords(tokens []token, words ...string) []token {
	for len(tokens) > 0 && slices.ContainsFunc(words, tokens[0].is) {
		tokens = tokens[1:]
	}
	return tokens
}

func madeBy(st Statement) (objectID, bool) {
	kind, rest, ok := noun(st.tokens[1:])
	if !ok {
		return objectID{}, false
	}
	o := objectID{kind: kind}
	if kind == IndexObject && len(rest) > 0 && rest[0].is("ON") {
		o.schema, o.table, _ = qualified(skipWords(rest[1:], "ONLY"))
		return o, true
	}
	o.schema, o.name, rest = qualified(rest)
	if kind == IndexObject || kind == TriggerObject || kind == OtherObject {
		o.onTable(rest)
	}
	return o, o.name != ""
}

// onTable reads the table behind ON. A trigger's events stand before it.
func (o *objectID) onTable(rest []token) {
	for i, t := range rest {
		if t.is("ON") {
			var schema string
			schema, o.table, _ = qualified(skipWords(rest[i+1:], "ONLY"))
			o.schema = schemaOr(schema, o.schema)
			return
		}
	}
}

// droppedBy reads the list of names of a DROP. Argument lists are skipped.
func droppedBy(st Statement) []objectID {
	kind, rest, ok := noun(st.tokens[1:])
	if !ok {
		return nil
	}
	var out []objectID
	depth, expected := 0, true
	for i, t := range rest {
		switch {
		case t.sym("("):
			depth++
		case t.sym(")"):
			depth--
		case depth == 0 && t.sym(","):
			expected = true
		case depth == 0 && expected && t.ident() != "":
			o := objectID{kind: kind}
			o.schema, o.name, _ = qualified(rest[i:])
			if kind == TriggerObject || kind == OtherObject {
				o.onTable(rest[i:])
			}
			out = append(out, o)
			expected = false
		}
	}
	return out
}

// columnOrConstraint reads an ADD or DROP of an ALTER TABLE; false for any other
// action and for what has no name.
func columnOrConstraint(act []token) (objectID, bool) {
	if len(act) < 2 || !act[0].is("ADD") && !act[0].is("DROP") {
		return objectID{}, false
	}
	o := objectID{kind: ColumnObject}
	rest := act[1:]
	switch {
	case rest[0].is("CONSTRAINT"):
		o.kind = ConstraintObject
		rest = rest[1:]
	case rest[0].is("COLUMN"):
		rest = rest[1:]
	case slices.ContainsFunc([]string{"CHECK", "FOREIGN", "PRIMARY", "UNIQUE", "EXCLUDE"}, rest[0].is):
		return objectID{}, false
	}
	rest = skipWords(rest, "IF", "NOT", "EXISTS")
	if len(rest) > 0 {
		o.name = rest[0].ident()
	}
	return o, o.name != ""
}
