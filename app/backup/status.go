package backup

import (
	"time"

	"healthagent/store/dump"
)

// Status is what the directory of dumps holds. Nil: there is none such.
type Status struct {
	Dir      string         `json:"dir"`
	Dumps    int            `json:"dumps"` // those that are whole
	Bytes    int64          `json:"bytes"`
	Newest   *dump.Manifest `json:"newest"`   // the last dump that is whole
	Verified *dump.Manifest `json:"verified"` // the one whose last trial restore went well, the most recently tried of them
	Failed   *dump.Manifest `json:"failed"`   // the newest dump whose last trial restore went badly, when no later trial went well
	Copied   *dump.Manifest `json:"copied"`   // the one that the hook took elsewhere last
	Strays   []Stray        `json:"strays"`   // what else is there, of which nothing is removed
}

// Look sums up the directory of dumps. It reads the manifests and the lengths of the files, not what is in them, takes no lock and
// changes nothing. A directory that is not there holds nothing; the error is of one that cannot be read.
func Look(dir string) (Status, error) {
	l, err := List(dir)
	if err != nil {
		return Status{Dir: dir}, err
	}
	return l.Status(), nil
}

// Status sums up the listing.
func (l Listing) Status() Status {
	s := Status{Dir: l.Dir, Strays: l.Strays}
	for i := range l.Dumps {
		d := l.Dumps[i]
		if d.Whole {
			s.Dumps++
			s.Bytes += d.Bytes
			if s.Newest == nil {
				s.Newest = &d.Manifest
			}
		}
		if d.Proven() && d.Verified.At.After(s.verifiedAt()) {
			s.Verified = &d.Manifest
		}
		if d.Whole && d.Copied != nil && d.Copied.OK && (s.Copied == nil || d.Copied.At.After(s.Copied.Copied.At)) {
			s.Copied = &d.Manifest
		}
	}
	for i := range l.Dumps {
		if d := l.Dumps[i]; d.Verified != nil && !d.Verified.OK && !d.Verified.At.Before(s.verifiedAt()) {
			s.Failed = &d.Manifest
			break
		}
	}
	return s
}

// verifiedAt is when a trial restore went well last; the zero time: never.
func (s Status) verifiedAt() time.Time {
	if s.Verified == nil {
		return time.Time{}
	}
	return s.Verified.Verified.At
}
