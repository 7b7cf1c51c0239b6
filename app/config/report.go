package config

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"healthagent/app/fault"
)

// Origin is the kind of place a value came from, strongest last.
type Origin int

// The origins. The order is the precedence: a later one wins over an earlier one.
const (
	Default Origin = iota
	EnvFile
	File
	Credential
	Environment
	Flag
)

// Source says where a value came from: the kind of place and which one.
type Source struct {
	Origin Origin
	Detail string // the flag, file, credential or rule; may be empty
}

// String returns the source as it is shown, such as "env file /etc/x.env:3".
func (s Source) String() string {
	names := [...]string{"default", "env file", "file", "credential", "environment", "flag"}
	if s.Detail == "" {
		return names[s.Origin]
	}
	return names[s.Origin] + " " + s.Detail
}

// Value is one setting as it took effect.
type Value struct {
	Name   string
	Value  string // as it may be shown: secrets masked
	Secret bool
	Source Source
}

// Problem is one thing wrong with the configuration.
type Problem struct {
	Setting string // empty when a line of the env file cannot be read
	Source  string
	Value   string // what was said; empty for a secret
	What    string // the end of a sentence that begins with the value
	Example string // a right value, may be empty
}

// String returns the problem in one line.
func (p Problem) String() string {
	subject := p.Source
	if p.Setting != "" {
		subject = p.Setting + " (" + p.Source + ")"
	}
	text := subject + ": " + p.What
	if p.Value != "" {
		text = fmt.Sprintf("%s: %q %s", subject, shorten(p.Value), p.What)
	}
	if p.Example != "" {
		text += "; for example " + p.Setting + "=" + p.Example
	}
	return text
}

// shorten keeps a pasted file from filling the screen.
func shorten(value string) string {
	const most = 80
	if len(value) <= most {
		return value
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(value[cut]) {
		cut--
	}
	return value[:cut] + "…"
}

// Report is what Load found out: every setting in the table's order, and what is
// worth saying about them. It holds no secret.
type Report struct {
	Values   []Value
	Warnings []string
	Problems []Problem
	// EnvFileHidden means that the default env file exists and this user may not
	// read it: the settings of an installed service are elsewhere than here.
	EnvFileHidden bool
}

// Source returns where the named setting came from; the zero Source, Default, for a
// name that is not in the table.
func (r *Report) Source(name string) Source {
	for _, v := range r.Values {
		if v.Name == name {
			return v.Source
		}
	}
	return Source{}
}

// err returns all problems as one error of kind fault.Config, nil without problems.
func (r *Report) err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	lines := []string{"the configuration has errors"}
	for _, p := range r.Problems {
		lines = append(lines, p.String())
	}
	return fault.New(fault.Config, strings.Join(lines, "\n  "))
}

// Require returns an error of kind fault.Config that names every one of these
// settings that has no value, and says how to give it one; nil when all have.
func (c Config) Require(names ...string) error {
	var missing []string
	for _, row := range Table() {
		for _, name := range names {
			if row.Name == name && row.get(c) == "" {
				missing = append(missing, missingText(row))
			}
		}
	}
	if missing == nil {
		return nil
	}
	return fault.New(fault.Config, strings.Join(missing, "\n  "))
}

func missingText(row Setting) string {
	return fmt.Sprintf("%s is missing: set it in the environment, put it into the credential %s, "+
		"name a file with %s, or write it into the env file; for example %s=%s",
		row.Name, row.Credential, row.FileVariable(), row.Name, row.Example)
}
