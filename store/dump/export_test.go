package dump

// Environ is what the PostgreSQL programs are given for a URL.
func Environ(address string) ([]string, error) {
	w, err := parseWay(address)
	if err != nil {
		return nil, err
	}
	return w.environ("x"), nil
}

// For tests of what needs no server.
var (
	Said       = said
	SplitNames = splitNames
	Named      = named
)

// Reason is what is told of a program's complaint.
func Reason(text string) string {
	var t tail
	_, _ = t.Write([]byte(text))
	return t.reason()
}
