package doctor

import (
	"bufio"
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"healthagent/app/telegram"
)

func hostChecks() []check {
	return []check{
		{"clock-kept", "clock", outside, checkClockKept},
		{"clock-agrees", "clocks agree", setting, checkClocks},
		{"memory-free", "memory", outside, checkMemory},
		{"disk-state", "disk of the state", always, checkStateDisk},
		{"disk-inodes", "inodes", always, checkInodes},
		{"disk-database", "disk of the database", setting, checkDatabaseDisk},
		{"disk-backups", "disk of the backups", setting, checkBackupDisk},
	}
}

func checkClockKept(_ context.Context, v *visit) answer {
	kept, err := v.Synchronised()
	switch {
	case err != nil:
		return skipped("%v", err)
	case kept:
		return well("it is kept right")
	case v.exists("/run/systemd/container"), v.exists("/.dockerenv"), v.exists("/run/.containerenv"):
		return skipped("this is a container: its clock is its host's, which does not keep it right")
	default:
		return warning("apt-get install -y systemd-timesyncd && timedatectl set-ntp true   # or chrony",
			"nothing keeps it right: reminders come at the wrong time in the end")
	}
}

// From here on clocks do not agree. Telegram's tells whole seconds, and its answer was on the way.
const (
	clockWarn = 10 * time.Second
	clockFail = 2 * time.Minute
)

func checkClocks(_ context.Context, v *visit) answer {
	type other struct {
		name string
		off  time.Duration // we are ahead by so much
	}
	var others []other
	if c, err := v.checkup(); err == nil {
		others = append(others, other{"PostgreSQL's", v.checkedAt.Sub(c.Now)})
	}
	if me, err := v.me(); err == nil && !me.Date.IsZero() {
		others = append(others, other{"Telegram's", v.metAt.Sub(me.Date)})
	}
	if len(others) == 0 {
		return skipped("nobody else tells the time")
	}
	worst := others[0]
	var names []string
	for _, o := range others {
		names = append(names, o.name)
		if o.off.Abs() > worst.off.Abs() {
			worst = o
		}
	}
	way := "ahead of"
	if worst.off < 0 {
		way = "behind"
	}
	const remedy = "timedatectl set-ntp true && timedatectl"
	switch off := worst.off.Abs(); {
	case off >= clockFail:
		return failure(remedy, "this machine's is %s %s %s: reminders come at the wrong time", age(off), way, worst.name)
	case off >= clockWarn:
		return warning(remedy, "this machine's is %s %s %s", age(off), way, worst.name)
	default:
		return well("this machine's and %s", strings.Join(names, " and "))
	}
}

func checkMemory(_ context.Context, v *visit) answer {
	f, err := os.Open(v.path("/proc/meminfo"))
	if err != nil {
		return skipped("/proc/meminfo cannot be read: %v", bare(err))
	}
	defer func() { _ = f.Close() }() // it was only read
	kb := map[string]int64{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 2 {
			kb[strings.TrimSuffix(fields[0], ":")], _ = strconv.ParseInt(fields[1], 10, 64) // what is no number is 0
		}
	}
	free, total := kb["MemAvailable"]<<10, kb["MemTotal"]<<10
	switch {
	case total == 0:
		return skipped("/proc/meminfo does not say")
	case free*20 < total:
		return warning("ps -eo rss,pid,comm --sort=-rss | head -15", "%s of %s are left: the kernel will soon end a process", size(free), size(total))
	default:
		return well("%s of %s are left", size(free), size(total))
	}
}

// identify asks Telegram, or who has asked already.
func (v *visit) identify(ctx context.Context) (telegram.Identity, error) {
	defer func() { v.metAt = v.Now() }()
	if v.Telegram != nil {
		return v.Telegram(ctx)
	}
	return telegram.Identify(ctx, v.Config.TelegramAPIURL, v.Config.TelegramToken.Reveal())
}
