"""What the inspect page is made of: the queue of questions, the panes that draw one judgement."""
