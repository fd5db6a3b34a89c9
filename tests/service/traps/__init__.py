"""What real servers do, and what the service layer does about it: one test for each trap, in both generations where it
is one in both. The sandbox stands in for the servers; where bytes matter, a server that says them."""
