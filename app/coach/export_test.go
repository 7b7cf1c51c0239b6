package coach

import "strings"

// ZoneNames are the names that a person may choose.
func ZoneNames() []string { return strings.Fields(zoneNames) }
