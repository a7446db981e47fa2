/* here: made in the next steps. */
