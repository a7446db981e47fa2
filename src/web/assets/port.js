/* port: made in the next steps. */
