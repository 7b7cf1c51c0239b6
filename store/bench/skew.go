package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// exponent of the power law by which few people write most of the messages.
const exponent = 1.1

// Crowd is the people of a data set, from the most to the least talkative: rank 0 is the first. Everything about a person follows from
// the rank, so that data and questions agree without being kept anywhere.
type Crowd struct {
	n      int
	shift  float64 // flattens the head: the first hundredth share what one would have
	first  float64
	fall   float64
	stride int64
	ids    []int64 // of people who are given, by rank; nil: they are made
}

// NewCrowd returns n people; n is at least 1.
func NewCrowd(n int) Crowd {
	c := Crowd{n: n, shift: max(1, float64(n)/100), stride: 1_000_003}
	if int64(n)%c.stride == 0 {
		c.stride = 1_000_033
	}
	c.first = math.Pow(c.shift, 1-exponent)
	c.fall = c.first - math.Pow(c.shift+float64(n), 1-exponent)
	return c
}

// given are people with ids of their own who all talk the same amount; there is at least one.
func given(ids []int64) Crowd {
	c := NewCrowd(len(ids))
	c.ids = ids
	return c
}

// turn is who speaks in an exchange when everybody does once in each round. The rounds begin with different people.
func (c Crowd) turn(seed uint64, exchange int) int {
	first := int(unit(seed, uint64(exchange/c.n)) * float64(c.n))
	return (first + exchange) % c.n
}

// Rank turns a number from [0, 1) into a person: the same number is the same person. Equally spread numbers give the skew.
func (c Crowd) Rank(u float64) int {
	k := int(math.Pow(c.first-u*c.fall, 1/(1-exponent)) - c.shift)
	return min(max(k, 0), c.n-1)
}

// The order in which people came has nothing to do with how much they talk.
func (c Crowd) came(rank int) int64 { return int64(rank) * c.stride % int64(c.n) }

// ID is a person's Telegram id.
func (c Crowd) ID(rank int) int64 {
	if c.ids != nil {
		return c.ids[rank]
	}
	return firstID + c.came(rank)*idStep
}

const (
	firstID = 100_000_000
	idStep  = 97
)

// Of twenty people seventeen are served, two were shut out and one has no invitation yet.
const (
	perScore     = 20
	activeScore  = 17
	membersScore = 19
)

func status(rank int) string {
	switch place := rank % perScore; {
	case place < activeScore:
		return "active"
	case place < membersScore:
		return "inactive"
	default:
		return "pending"
	}
}

// member is the person, or the next more talkative one who has ever been served: strangers have no history.
func member(rank int) int { return rank - max(rank%perScore-membersScore+1, 0) }

// active is the person, or the next more talkative one who is served.
func active(rank int) int { return rank - max(rank%perScore-activeScore+1, 0) }

// Ask draws somebody who is served: who talks more is asked for more often. The zone is that person's.
func (c Crowd) Ask(dice *rand.Rand) (id int64, zone string) {
	rank := active(c.Rank(dice.Float64()))
	return c.ID(rank), c.zone(rank)
}

func zones() []string {
	return []string{"UTC", "Europe/Berlin", "Europe/Moscow", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo"}
}

func (c Crowd) zone(rank int) string {
	all := zones()
	return all[c.came(rank)%int64(len(all))]
}

// script is Ask in the language of pgbench: it sets uid, and zone to the number of the zone.
func (c Crowd) script() string {
	return fmt.Sprintf(`\set u random(0, 999999999)
\set k int(pow(%.17g - :u / 1000000000.0 * %.17g, %.17g) - %.17g - 0.5)
\set k least(greatest(:k, 0), %d)
\set k :k - greatest(:k %% %d - %d, 0)
\set came :k * %d %% %d
\set uid %d + :came * %d
\set zone :came %% %d
`, c.first, c.fall, 1/(1-exponent), c.shift, c.n-1, perScore, activeScore-1, c.stride, c.n, firstID, idStep, len(zones()))
}
