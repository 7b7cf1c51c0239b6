package config_test

import (
	"errors"
	"strings"
	"testing"

	"healthagent/app/config"
)

func TestParseEnvFile(t *testing.T) {
	t.Parallel()
	tests := []struct{ line, name, value string }{
		{"A=b", "A", "b"},
		{"  A = b c  ", "A", "b c"},
		{"A=", "A", ""},
		{"A=b\r", "A", "b"},
		{"_a1=x=y", "_a1", "x=y"},
		{"A='b # \"c\" $d \\'", "A", "b # \"c\" $d \\"},
		{`A="b \"c\" \\ \$d \n 'e'"`, "A", `b "c" \ $d \n 'e'`},
		{`A=b\ c\\`, "A", `b c\`},
		{"A=b#c", "A", "b#c"},
		{"A=$HOME/x", "A", "$HOME/x"},
		{"A=é 好", "A", "é 好"},
	}
	for _, tt := range tests {
		got, err := config.ParseEnvFile("# c\n\n; d\n" + tt.line + "\n")
		if err != nil || len(got) != 1 || got[0] != (config.Assignment{Name: tt.name, Value: tt.value, Line: 4}) {
			t.Errorf("%q: %+v, %v", tt.line, got, err)
		}
	}
}

func TestParseEnvFileRefuses(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"hunter2", "=hunter2", "1A=hunter2", "A B=hunter2", "export A=hunter2", "A-B=hunter2",
		"A='hunter2", `A="hunter2`, `A="hunter2\"`, "A='hunter2' x", "A='hunter2' # x", `A=hunter2\`,
		"A=hunter2 # comment", "A= # hunter2", "A=hunter2\x00", "A=hunter2\xff", "A=hunter2\rB=x", "\ufeffA=hunter2",
	} {
		got, err := config.ParseEnvFile("A=1\n" + line + "\nB=2")
		lineErr, ok := errors.AsType[*config.LineError](err)
		if !ok || lineErr.Line != 2 {
			t.Errorf("%q: error %v", line, err)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the line: %v", err)
		}
		if len(got) != 2 || got[1].Name != "B" {
			t.Errorf("%q: the other lines are lost: %v", line, got)
		}
	}
}

// FuzzParseEnvFile holds that no input breaks the reader, that no error repeats a
// line, and that what is read, written in single quotes, is read again as the same.
func FuzzParseEnvFile(f *testing.F) {
	for _, seed := range []string{"A=b", "# c\nA='b'\n", `A="\"\\"`, "export A=b", "A=b\\", "\xff=\x00", "A=b # c", "A='\n'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, err := config.ParseEnvFile(text)
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !strings.HasPrefix(line, "line ") {
					t.Fatalf("an error is not one line: %q", err)
				}
			}
		}
		lines := strings.Count(text, "\n") + 1
		for _, a := range read {
			if a.Line < 1 || a.Line > lines || a.Name == "" {
				t.Fatalf("%+v of %d lines", a, lines)
			}
			if strings.Contains(a.Value, "'") {
				continue
			}
			again, err := config.ParseEnvFile(a.Name + "='" + a.Value + "'")
			if err != nil || len(again) != 1 || again[0].Value != a.Value {
				t.Fatalf("%q is read again as %+v, %v", a.Value, again, err)
			}
		}
	})
}
