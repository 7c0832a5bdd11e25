"""What each tab can be asked, in numpy, str and float. No gradio here."""
