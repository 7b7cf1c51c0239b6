package screen

import (
	"strings"

	"healthagent/tui/keys"
	"healthagent/tui/source"
)

// act asks for the preview of what a key does to the index that keys are about, or says why it does nothing to this one.
func (x *Indexes) act(a keys.Action) Intent {
	key := x.key()
	if key == "" {
		return Intent{Say: "there is no index here"}
	}
	ix := x.at(key)
	if ix == nil {
		return Intent{Say: x.subject(key) + " is not listed any more"}
	}
	var verb source.Verb
	var why string
	switch a {
	case keys.DropIndex:
		verb, why = drop(ix)
	case keys.BuildIt:
		verb, why = build(ix)
	default:
		verb, why = fix(ix)
	}
	if why != "" {
		return Intent{Say: oneLine(ix.Name) + " " + why}
	}
	return Intent{Act: &source.Act{Verb: verb, Object: source.OnIndex, Name: ix.Name}}
}

// drop is what D does, or why it does nothing.
func drop(ix *source.Index) (source.Verb, string) {
	switch {
	case ix.Held:
		return "", "is held, which is to say dropped: B builds it"
	case ix.Missing:
		return "", "is not there to be dropped: B builds it"
	case ix.Building:
		return "", "is being built: once that has ended it can be dropped"
	case ix.Constraint:
		return "", "stands behind a constraint: only the constraint itself could be dropped"
	default:
		return source.Drop, ""
	}
}

// build is what B does, or why it does nothing.
func build(ix *source.Index) (source.Verb, string) {
	switch {
	case ix.Held || ix.Missing:
		return source.Build, ""
	case ix.Building:
		return "", "is being built already"
	case !ix.Valid:
		return fix(ix)
	default:
		return source.Reindex, ""
	}
}

// fix is what F does, or why it does nothing. A migration's index is built anew by the migration, a copy that a rebuild left is dropped
// (the original is in use), and any other is rebuilt where it is.
func fix(ix *source.Index) (source.Verb, string) {
	switch {
	case ix.Held:
		return "", "is held, not invalid: B builds it"
	case ix.Missing:
		return "", "is missing, not invalid: B builds it"
	case ix.Building:
		return "", "is being built: it becomes valid at the end"
	case ix.Valid:
		return "", "is valid: there is nothing to fix"
	case ix.Migration != "":
		return source.Build, ""
	case leftover(ix.Name):
		return source.Drop, ""
	default:
		return source.Reindex, ""
	}
}

// leftover reports whether a name is of a copy that REINDEX CONCURRENTLY makes.
func leftover(name string) bool {
	name = strings.TrimRight(name, "0123456789")
	return strings.HasSuffix(name, "_ccnew") || strings.HasSuffix(name, "_ccold")
}
