/* map: made in the next steps. */
