package coach

import (
	_ "embed"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// zoneNames are the names of the time zone database that a person may mean, one a line. Fixed offsets are not among them: Etc/GMT+2
// is two hours behind, EST has no summer, and nobody who writes them wants that.
//
//go:embed zones.txt
var zoneNames string

// findZone understands an IANA name or the name of its city, whatever the case, the accents and the signs between words.
func findZone(text string) (string, bool) {
	text, _, _ = strings.Cut(text, ",") // Stockholm, Sweden
	wanted := fold(bare(text))
	if wanted == "" || len(text) > 64 {
		return "", false
	}
	city := ""
	for name := range strings.Lines(zoneNames) {
		name = strings.TrimSuffix(name, "\n")
		if fold(name) == wanted {
			return name, true
		}
		if fold(cityOf(name)) == wanted && (city == "" || hasButton(name)) {
			city = name
		}
	}
	return city, city != ""
}

// bare is a text without its accents: São Paulo's zone is written without.
func bare(s string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn))), s)
	if err != nil {
		return ""
	}
	return plain
}

// fold makes spellings of one name equal.
func fold(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return r == '_' || r == '-' || unicode.IsSpace(r)
	}), " ")
}

// cityOf is the last part of a zone's name, as people write it.
func cityOf(zone string) string {
	return strings.ReplaceAll(zone[strings.LastIndexByte(zone, '/')+1:], "_", " ")
}

// location is the zone of that name; UTC when a row that somebody else wrote names none that exists.
func location(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return loc
}
