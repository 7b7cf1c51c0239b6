package sampler

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"time"
)

// The file of the history has a place for each step of both rings and never grows. Each record is written on its own and carries its
// step and a checksum: whatever moment the daemon is killed at, at most the record at work is lost.
const (
	diskName    = "history.ring"
	diskMagic   = "healthagent ring"
	diskVersion = 1
	headerSize  = 64
	recordSize  = 8 + 4*seriesCount + 4 // number, values, checksum
)

// The parts of the file.
const (
	shortPart = 0
	longPart  = 1
)

// disk is the open file; nil: the history is in memory only. It is the loop's.
type disk struct {
	file   *os.File
	short  *ring
	long   *ring
	log    *slog.Logger
	failed bool // the last write failed: that was said
}

// openDisk opens the file in dir, or makes it, and fills the rings with what it holds until now. A file that is damaged or of another
// make is set aside. It returns nil, and says why in the log, when there can be no file.
func openDisk(dir string, short, long *ring, now time.Time, log *slog.Logger) *disk {
	if dir == "" {
		return nil
	}
	path := filepath.Join(dir, diskName)
	d := &disk{short: short, long: long, log: log}
	err := d.open(path)
	if errors.Is(err, errForeign) {
		log.Warn("the history cannot be read and is set aside", "file", path, "error", err)
		if err = setAside(path); err == nil {
			err = d.open(path)
		}
	}
	if err != nil {
		log.Warn("the history is kept in memory only", "error", err)
		return nil
	}
	d.load(now)
	return d
}

// errForeign means that a file is there and is none of ours.
var errForeign = errors.New("it is damaged, or of another version")

func (d *disk) open(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the history: %w", err)
	}
	d.file = f
	if err := d.header(); err != nil {
		d.file = nil
		return errors.Join(err, f.Close())
	}
	return nil
}

// header checks the head of the file, or writes that of a new one.
func (d *disk) header() error {
	info, err := d.file.Stat()
	if err != nil {
		return fmt.Errorf("look at the history: %w", err)
	}
	want := d.head()
	whole := int64(headerSize + recordSize*(len(d.short.at)+len(d.long.at)))
	if info.Size() == 0 {
		if err := d.file.Truncate(whole); err != nil {
			return fmt.Errorf("make room for the history: %w", err)
		}
		if _, err := d.file.WriteAt(want, 0); err != nil {
			return fmt.Errorf("begin the history: %w", err)
		}
		return nil
	}
	got := make([]byte, headerSize)
	if _, err := d.file.ReadAt(got, 0); err != nil || string(got) != string(want) {
		return errForeign
	}
	if info.Size() != whole { // its end was cut off: what is there is good
		if err := d.file.Truncate(whole); err != nil {
			return fmt.Errorf("make room for the history: %w", err)
		}
	}
	return nil
}

// head says how the file is made: another make has another head.
func (d *disk) head() []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, diskMagic...)
	for _, n := range []int{diskVersion, seriesCount, int(d.short.step.Milliseconds()), len(d.short.at), int(d.long.step.Milliseconds()), len(d.long.at)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n)) //nolint:gosec // all of them are small
	}
	b = b[:headerSize-4]
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// load fills the rings. A record with a wrong checksum is a gap, and so is one from the future: the clock has gone back.
func (d *disk) load(now time.Time) {
	for part, r := range []*ring{d.short, d.long} {
		raw := make([]byte, recordSize*len(r.at))
		if n, err := d.file.ReadAt(raw, d.offset(part, 0)); err != nil && n == 0 {
			continue
		}
		for i := range r.at {
			number, values, ok := decodeRecord(raw[i*recordSize : (i+1)*recordSize])
			if ok && r.place(number) == i && number <= r.number(now) {
				r.restore(number, values)
			}
		}
	}
}

func (d *disk) offset(part, place int) int64 {
	if part == longPart {
		place += len(d.short.at)
	}
	return int64(headerSize + recordSize*place)
}

// write writes one record. What cannot be written is a gap after the next start, and is said once.
func (d *disk) write(part int, number int64, values row) {
	if d == nil {
		return
	}
	r := d.short
	if part == longPart {
		r = d.long
	}
	_, err := d.file.WriteAt(encodeRecord(number, values), d.offset(part, r.place(number)))
	if err != nil && !d.failed {
		d.log.Warn("the history cannot be written", "error", err)
	}
	d.failed = err != nil
}

func (d *disk) close() {
	if d == nil {
		return
	}
	if err := d.file.Close(); err != nil {
		d.log.Warn("closing the history", "error", err)
	}
}

func encodeRecord(number int64, values row) []byte {
	b := make([]byte, 0, recordSize)
	b = binary.LittleEndian.AppendUint64(b, uint64(number)) //nolint:gosec // back again below
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// decodeRecord is false for what was never written, or not to its end.
func decodeRecord(b []byte) (number int64, values row, ok bool) {
	body := b[:recordSize-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(b[recordSize-4:]) {
		return 0, values, false
	}
	number = int64(binary.LittleEndian.Uint64(body)) //nolint:gosec // as it was written
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[8+4*i:]))
	}
	return number, values, number > 0
}

// setAside renames a file, over one that was set aside before.
func setAside(path string) error {
	if err := os.Rename(path, path+".damaged"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("set a file aside: %w", err)
	}
	return nil
}
