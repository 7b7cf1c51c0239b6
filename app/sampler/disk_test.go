package sampler

import (
	"bytes"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// box is a directory with a history in it.
type box struct {
	t   *testing.T
	dir string
	log bytes.Buffer
}

func newBox(t *testing.T) *box {
	t.Helper()
	return &box{t: t, dir: t.TempDir()}
}

// open opens the history with new rings, as after a start.
func (b *box) open(now time.Time) *disk {
	b.t.Helper()
	d := openDisk(b.dir, newRing(time.Second, 60), newRing(30*time.Second, 40), now, slog.New(slog.NewTextHandler(&b.log, nil)))
	if d == nil {
		b.t.Fatalf("there is no file: %s", b.log.String())
	}
	b.t.Cleanup(d.close)
	return d
}

// write writes a step to ring and file.
func (d *disk) writeBoth(part int, number int64, v float64) {
	r := []*ring{d.short, d.long}[part]
	r.put(number, only(atPoolUsed, v))
	d.write(part, number, only(atPoolUsed, v))
}

// used are the steps that a ring holds.
func used(r *ring) map[int64]float32 {
	out := map[int64]float32{}
	for i, at := range r.at {
		if at > 0 {
			out[at] = r.rows[i][atPoolUsed]
		}
	}
	return out
}

func TestHistoryOutlivesAKill(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	first := b.open(noon())
	n, m := first.short.number(noon()), first.long.number(noon())
	for i := range int64(100) {
		first.writeBoth(shortPart, n+i, float64(i))
	}
	first.writeBoth(longPart, m, 7)
	// nothing is closed: the process is gone
	second := b.open(noon().Add(2 * time.Minute))
	if got := used(second.short); len(got) != 60 || got[n+99] != 99 || got[n+40] != 40 {
		t.Errorf("the short ring is %v", got)
	}
	if got := used(second.long); len(got) != 1 || got[m] != 7 {
		t.Errorf("the long ring is %v", got)
	}
	info, err := os.Stat(filepath.Join(b.dir, diskName))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != headerSize+100*recordSize {
		t.Errorf("%v %v", info, err)
	}
	if b.log.Len() > 0 {
		t.Errorf("it complains: %s", b.log.String())
	}
}

// TestAnyKillLeavesItReadable cuts a write at every place: the record is there as it was before, as it is after, or it is a gap, and
// every other record is as it was.
func TestAnyKillLeavesItReadable(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	d := b.open(noon())
	n := d.short.number(noon()) - 60
	for i := range int64(60) {
		d.writeBoth(shortPart, n+i, float64(i))
	}
	path := filepath.Join(b.dir, diskName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fresh := encodeRecord(n+60, only(atPoolUsed, 60))
	at := int(d.offset(shortPart, d.short.place(n+60)))
	for cut := range recordSize + 1 {
		torn := bytes.Clone(whole)
		copy(torn[at:], fresh[:cut])
		if err := os.WriteFile(path, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		got := used(b.open(noon().Add(time.Minute)).short)
		for i := int64(1); i < 60; i++ {
			if got[n+i] != float32(i) {
				t.Fatalf("cut at %d, record %d is %v", cut, i, got[n+i])
			}
		}
		old, isOld := got[n]
		now, isNew := got[n+60]
		if isOld && (isNew || old != 0) || isNew && (now != 60 || cut < recordSize) || cut == recordSize && !isNew {
			t.Fatalf("cut at %d: %v %v, %v %v", cut, old, isOld, now, isNew)
		}
	}
}

func TestRecordsFromTheFutureAreLeftOut(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	d := b.open(noon())
	n := d.short.number(noon())
	d.writeBoth(shortPart, n, 1)
	d.writeBoth(shortPart, n+10, 2)
	if got := used(b.open(noon().Add(5 * time.Second)).short); len(got) != 1 || got[n] != 1 {
		t.Errorf("the clock went back: %v", got)
	}
}

func TestDamagedFilesAreSetAside(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	for name, damage := range map[string]func([]byte) []byte{
		"foreign":       func([]byte) []byte { return []byte("#!/bin/sh\n") },
		"empty head":    func(raw []byte) []byte { return append(make([]byte, headerSize), raw[headerSize:]...) },
		"other version": func(raw []byte) []byte { raw[len(diskMagic)]++; return raw },
		"other step":    func(raw []byte) []byte { raw[len(diskMagic)+8]++; return raw },
		"a flipped bit": func(raw []byte) []byte { raw[random.IntN(headerSize)] ^= 1; return raw },
	} {
		b := newBox(t)
		d := b.open(noon())
		d.writeBoth(shortPart, d.short.number(noon()), 1)
		path := filepath.Join(b.dir, diskName)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, damage(raw), 0o600); err != nil {
			t.Fatal(err)
		}
		again := b.open(noon())
		if got := used(again.short); len(got) != 0 || !strings.Contains(b.log.String(), "set aside") {
			t.Errorf("%s: %v, log %q", name, got, b.log.String())
		}
		if _, err := os.Stat(path + ".damaged"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		again.writeBoth(shortPart, again.short.number(noon()), 2)
		if got := used(b.open(noon()).short); len(got) != 1 {
			t.Errorf("%s: it does not go on: %v", name, got)
		}
	}
}

func TestTruncatedFileKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	d := b.open(noon())
	n := d.short.number(noon()) - 60
	for i := range int64(60) {
		d.writeBoth(shortPart, n+i, float64(i))
	}
	path := filepath.Join(b.dir, diskName)
	for _, size := range []int64{headerSize + 30*recordSize + 7, headerSize, 0} {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		want := int(max(size-headerSize, 0) / recordSize)
		if got := used(b.open(noon()).short); len(got) != want {
			t.Errorf("of %d bytes: %d records, not %d", size, len(got), want)
		}
	}
	if b.log.Len() > 0 {
		t.Errorf("it complains: %s", b.log.String())
	}
}

func TestADirectoryThatIsNotThereIsNotFatal(t *testing.T) {
	t.Parallel()
	if d := openDisk(filepath.Join(t.TempDir(), "none"), newRing(time.Second, 60), newRing(time.Minute, 60), noon(), slog.New(slog.DiscardHandler)); d != nil {
		t.Error("there is a file in no directory")
	}
	var none *disk
	none.write(shortPart, 1, emptyRow())
	none.close()
}
