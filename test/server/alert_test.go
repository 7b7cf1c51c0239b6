package server

import (
	"testing"

	"healthagent/app/rehearsal/botapi"
	"healthagent/test/server/machine"
)

// TestAlertWhileTelegramIsAway: that the service has failed is told when Telegram is back, once; and not when it has been mended meanwhile.
func TestAlertWhileTelegramIsAway(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		const (
			alert = "healthagent-alert@healthagent.service.service"
			mend  = "sed -i /HEALTHAGENT_POOL_MAX/d /etc/healthagent/healthagent.env; systemctl reset-failed healthagent.service; systemctl start healthagent.service"
		)
		s.sh("mkdir /etc/systemd/system/healthagent-alert@.service.d && printf '[Service]\\nRestartSec=1s\\n' >/etc/systemd/system/healthagent-alert@.service.d/soon.conf && systemctl daemon-reload")
		fail := func() {
			s.tg.closeDoor()
			s.sh("systemctl reset-failed " + alert + " 2>/dev/null || true") // which counts its restarts anew
			s.sh("echo HEALTHAGENT_POOL_MAX=many >>/etc/healthagent/healthagent.env; systemctl restart healthagent.service || true")
			s.sh(`until [ "$(systemctl show -P NRestarts ` + alert + `)" -ge 1 ]; do sleep 0.2; done`)
		}
		back := func() {
			if err := s.Early(s.ctx); err != nil {
				t.Fatal(err)
			}
		}
		ends := func() {
			s.sh(`until [ "$(systemctl show -P ActiveState ` + alert + `)" = inactive ]; do sleep 0.2; done`)
			if result := s.run("systemctl", "show", "-P", "Result", alert); result != "success\n" {
				t.Errorf("the alert ended with %q", result)
			}
		}
		fail()
		back()
		ends()
		s.wait("the administrator hears of it", func(*botapi.Transcript) bool { return s.told("healthagent.service") > 0 })
		if n := s.told("healthagent.service"); n != 1 {
			t.Errorf("the administrator was told %d times", n)
		}
		s.sh("rm /var/lib/healthagent/alert.json; " + mend)
		fail()
		s.sh(mend)
		ends() // the next try does, while Telegram is still away
		back()
		if n := s.told("healthagent.service"); n != 1 {
			t.Errorf("of what was mended meanwhile the administrator was told, %d times in all", n)
		}
		s.serves(first)
	})
}
