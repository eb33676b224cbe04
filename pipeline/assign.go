package pipeline

// assign finds a largest matching of people to places (Kuhn's algorithm): for
// each place the index of who fills it, or -1.
func assign(places, people int, fits func(person, place int) bool) []int {
	holder := make([]int, places)
	for i := range holder {
		holder[i] = -1
	}
	var seat func(person int, seen []bool) bool
	seat = func(person int, seen []bool) bool {
		for place := range places {
			if seen[place] || !fits(person, place) {
				continue
			}
			seen[place] = true
			if holder[place] < 0 || seat(holder[place], seen) {
				holder[place] = person
				return true
			}
		}
		return false
	}
	for person := range people {
		seat(person, make([]bool, places))
	}
	return holder
}
