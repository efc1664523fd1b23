"""The species that the detector tells apart, in the order of its class column."""

RACCOON = 'raccoon'
CAT = 'cat'
DOG = 'dog'
PERSON = 'person'
OTHER_ANIMAL = 'other_animal'

SPECIES = (RACCOON, CAT, DOG, PERSON, OTHER_ANIMAL)

# Whoever belongs to a household: the slightest hint of one of them forbids every stimulus.
PROTECTED = frozenset({CAT, DOG, PERSON})
