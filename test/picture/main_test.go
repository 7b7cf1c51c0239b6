package main

import (
	"strings"
	"testing"
)

func TestACaptureIsDrawn(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := draw(strings.NewReader("plain \x1b[1;91mx <bad>\x1b[0m\n\x1b[7m> row\x1b[0m"), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`>plain </text>`,
		`fill="#ff7b86" font-weight="bold" xml:space="preserve" textLength="58.8" lengthAdjust="spacingAndGlyphs">x &lt;bad&gt;</text>`,
		`fill="#14161b" xml:space="preserve" textLength="42.0" lengthAdjust="spacingAndGlyphs">&gt; row</text>`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}
