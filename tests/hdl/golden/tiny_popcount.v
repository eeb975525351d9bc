
module tiny_popcount(signals, scores, clk);
  wire [1:0] \$1 ;
  wire \$2 ;
  wire [2:0] \$3 ;
  wire [3:0] \$4 ;
  wire [1:0] \$5 ;
  wire [1:0] class0_level1_0;
  wire [1:0] class1_level1_0;
  input clk;
  wire clk;
  reg [2:0] score0 = 3'h0;
  reg [2:0] score1 = 3'h0;
  reg [2:0] score2 = 3'h0;
  output [8:0] scores;
  wire [8:0] scores;
  input [4:0] signals;
  wire [4:0] signals;
  assign \$4  = \$3 [1:0] + 4'he;
  assign \$5  = signals[4] + 1'h1;
  always @(posedge clk)
    score0 <= { 1'h0, class0_level1_0 };
  always @(posedge clk)
    score1 <= \$4 [2:0];
  always @(posedge clk)
    score2 <= { 1'h0, \$5  };
  assign class0_level1_0 = signals[0] + signals[1];
  assign \$2  = ~ signals[3];
  assign \$3  = \$1  + \$2 ;
  assign class1_level1_0 = \$3 [1:0];
  assign scores = { score2, score1, score0 };
  assign \$1 [0] = 1'h0;
  assign \$1 [1] = signals[2];
endmodule
